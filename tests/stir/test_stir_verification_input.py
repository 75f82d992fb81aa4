"""Whatever stands in an Identity header ends in a verdict with a named reason, in little time and memory."""

import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from builders import (
    CALLEE,
    CALLER,
    NEXT,
    NOW,
    ORIGID,
    X5U,
    base64url,
    calling,
    carried,
    diverted,
    identity,
    judged,
    signed,
    trusted,
)
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certs.builders import Chain, make_chain
from certs.extensions import tn_auth_list
from certs.template import Template
from gateway.stir import constraints, tnauthlist
from gateway.stir.constraints import Constraints
from gateway.stir.reasons import Reason
from gateway.stir.verdict import HeaderVerdict

HEADER = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": X5U}
CLAIMS = {
    "attest": '"A"',
    "dest": f'{{"tn":["{CALLEE}"]}}',
    "iat": str(NOW),
    "orig": f'{{"tn":"{CALLER}"}}',
    "origid": f'"{ORIGID}"',
}
VECTOR = json.loads((Path(__file__).parents[1] / "vectors/stir/hostile-claims.json").read_text())
Pieces = list[str | list[Any]]


def delegate() -> Chain:
    """A chain that looks at what it signs: single numbers, and values of claims."""
    limits = Constraints(permitted_values=(("rcd", frozenset({"x"})),))
    value = x509.UnrecognizedExtension(
        x509.ObjectIdentifier(constraints.OID), constraints.encode(limits, constraints.OID)
    )

    def limited(leaf: Template) -> Template:
        return leaf.having(tn_auth_list([tnauthlist.One(CALLER)]).value).having(value)

    return make_chain(leaf=limited)


DELEGATE = delegate()
DELEGATED = {X5U: trusted(DELEGATE)}


def text(pieces: Pieces) -> str:
    return "".join(piece if isinstance(piece, str) else piece[0] * piece[1] for piece in pieces)


def claiming(claims: dict[str, Pieces]) -> str:
    """A token with these claims, each as its JSON text."""
    members = CLAIMS | {name: text(pieces) for name, pieces in claims.items()}
    payload = ",".join(f'"{name}":{value}' for name, value in members.items())
    return carried(signed(HEADER, f"{{{payload}}}".encode(), DELEGATE.leaf_key))


@pytest.mark.parametrize("case", VECTOR["cases"], ids=lambda case: case["case"])
def test_claims_that_try_to_break_their_reader(case: dict[str, Any]) -> None:
    call = calling((CALLER, "1" * 4301) if "caller" in case["case"] else (CALLER,))
    assert judged(claiming(case["claims"]), call=call, chains=DELEGATED).reason.value == case["reason"]


TOKEN = identity().partition(";")[0]
THOUSAND_KEYS = b",".join(b'"%d":0' % n for n in range(1000))
HOSTILE = [
    pytest.param("", id="nothing"),
    pytest.param("\x00" * 1000, id="zero-bytes"),
    pytest.param(TOKEN[:200] + "\x00" + TOKEN[200:] + f";info=<{X5U}>", id="a-zero-byte-in-the-token"),
    pytest.param("\ud800", id="half-a-surrogate-pair"),
    pytest.param("a" * 100_000, id="a-hundred-thousand-letters"),
    pytest.param(carried("." * 20_000), id="full-stops"),
    pytest.param(carried(f"{'e30' * 5000}.e30.e30"), id="a-long-token"),
    pytest.param(f"{TOKEN};info=<{'a' * 16_000}:b>", id="a-long-url"),
    pytest.param(f"{TOKEN};info=<{X5U}>" + ";a" * 9_000, id="a-parameter-again-and-again"),
    pytest.param(
        f"{TOKEN};info=<{X5U}>" + "".join(f";p{n}" for n in range(3_000)), id="thousands-of-parameters"
    ),
    pytest.param(f'{TOKEN};info=<{X5U}>;x="' + '\\"' * 9_000, id="quotes-never-closed"),
    pytest.param(carried(".".join((base64url(b'{"a":' * 2000), "e30", "cw"))), id="two-thousand-objects"),
    pytest.param(carried(".".join((base64url(b"[" * 12_000), "e30", "cw"))), id="twelve-thousand-brackets"),
    pytest.param(carried(f"{base64url(b'{' + THOUSAND_KEYS + b'}')}.e30.cw"), id="a-thousand-keys"),
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_costs_little(value: str) -> None:
    tracemalloc.start()
    started = time.perf_counter()
    verdict = judged(value)
    seconds, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(verdict.headers) == 1
    assert seconds < 1
    assert peak < 4_000_000


def test_headers_that_all_lead_everywhere_cost_little() -> None:
    """Eight tokens, eight diversions, a hundred numbers in each: the way is looked for among them all."""
    crowd = [f"1215555{n:04}" for n in range(100)]
    shaken = [identity(claims={"dest": {"tn": ["1"]}})] * 8
    diversions = [diverted(crowd[n], NEXT, claims={"dest": {"tn": crowd}}) for n in range(8)]
    started = time.perf_counter()
    assert judged(*shaken, *diversions, call=calling(target=crowd[0])).reason is Reason.DEST_MISMATCH
    assert time.perf_counter() - started < 1


def is_fit_for_a_log(told: HeaderVerdict) -> bool:
    words = (told.detail, told.ppt or "", told.signature, told.x5u or "")
    return all(word.isascii() and word.isprintable() for word in words)


ANY_TEXT = st.text(max_size=200)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
PIECES = [TOKEN, "e30", ".", ";", "=", ",", '"', "<", ">", "info", "ppt", "shaken", X5U, " ", "\x00"]
SHAPED = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


def altered(sound: dict[str, Any], *others: str) -> st.SearchStrategy[bytes]:
    """A header or payload of which some members are anything."""
    odd = st.dictionaries(st.sampled_from([*sound, *others]), ANY_JSON, max_size=3)
    return odd.map(lambda members: json.dumps(sound | members).encode())


SIGNED = st.builds(
    lambda header, payload: carried(signed(header, payload)),
    altered(HEADER, "crit", "jwk"),
    altered({name: json.loads(value) for name, value in CLAIMS.items()}, "div", "opt", "mky"),
)


@given(st.lists(ANY_TEXT | SHAPED | SIGNED, max_size=18))
def test_any_headers_whatever_end_in_a_verdict(values: list[str]) -> None:
    verdict = judged(*values)
    assert [isinstance(told.reason, Reason) for told in verdict.headers] == [True] * len(values)
    assert all(map(is_fit_for_a_log, verdict.headers))
