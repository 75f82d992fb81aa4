"""Calls and Identity values for the tests of verification: sound by default, so that a case states its defect alone.

    judged(identity())                                     a call that passes
    judged(identity(claims={"iat": NOW - 61}))             its token is stale
    judged(identity(header={"alg": "none"}))               another algorithm in the token's own header
    judged(identity(without="origid"))                     a claim or header member is left out
    judged(identity(beside=";ppt=div"))                    what stands beside the token
    judged(identity(), call=calling(target=NEXT))          the call goes elsewhere
    judged(diverted(CALLEE, NEXT), identity(), ...)        with a div token

The clock stands at NOW, a day after the certificates were made.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from certs.builders import NOW as MADE
from certs.builders import Chain, make_chain
from gateway.stir.chain import Anchors, TrustedChain, read, trust
from gateway.stir.reasons import Reason
from gateway.stir.revocation import Revocations
from gateway.stir.signalled import Signalled
from gateway.stir.verdict import Verdict
from gateway.stir.verification import Rules, begin

NOW = int((MADE + timedelta(days=1)).timestamp())
CALLER, CALLEE, NEXT, THIRD = "12155551212", "12155551213", "12155551214", "12155551215"
ORIGID = "123e4567-e89b-12d3-a456-426655440000"
X5U = "https://cert.example.org/passport.cer"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256's base point (SP 800-186): r and s of a signature are below it."""

CHAIN = make_chain()
RULES = Rules()
NO_LISTS = Revocations()

Part = Mapping[str, Any] | bytes
"""A header or payload, as its members or byte for byte."""


def trusted(chain: Chain = CHAIN) -> TrustedChain:
    return trust(read(chain.pem), Anchors([chain.root.certificate]), NOW)


CHAINS: Mapping[str, TrustedChain | Reason] = {X5U: trusted()}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def written(part: Part) -> bytes:
    """As RFC 8225 §9 writes it, unless its bytes are given."""
    if isinstance(part, bytes):
        return part
    return json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signed(header: Part, payload: Part, key: ec.EllipticCurvePrivateKey = CHAIN.leaf_key) -> str:
    """A token of any header and payload whatever, validly signed."""
    signing_input = f"{base64url(written(header))}.{base64url(written(payload))}"
    r, s = decode_dss_signature(key.sign(signing_input.encode(), ec.ECDSA(SHA256())))
    return f"{signing_input}.{base64url(r.to_bytes(32) + s.to_bytes(32))}"


def carried(token: str, info: str = X5U, beside: str = "") -> str:
    """The Identity value that carries a token."""
    return f"{token};info=<{info}>{beside}"


def resigned(value: str, signature: bytes) -> str:
    """The same Identity value with another signature."""
    token, semicolon, rest = value.partition(";")
    return f"{token.rpartition('.')[0]}.{base64url(signature)}{semicolon}{rest}"


def identity(
    *,
    header: Mapping[str, Any] | None = None,
    claims: Mapping[str, Any] | None = None,
    without: str = "",
    key: ec.EllipticCurvePrivateKey = CHAIN.leaf_key,
    info: str | None = None,
    beside: str = ";alg=ES256;ppt=shaken",
) -> str:
    """A shaken Identity value of CALLER to CALLEE signed at NOW.

    header, claims: members that differ from the sound ones, or are added. without: one that is left out.
    """
    inside = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": X5U} | dict(header or {})
    payload = {
        "attest": "A",
        "dest": {"tn": [CALLEE]},
        "iat": NOW,
        "orig": {"tn": CALLER},
        "origid": ORIGID,
    } | dict(claims or {})
    inside.pop(without, None)
    payload.pop(without, None)
    return carried(signed(inside, payload, key), info or inside.get("x5u", X5U), beside)


def diverted(
    diverting: str,
    dest: str,
    *,
    header: Mapping[str, Any] | None = None,
    claims: Mapping[str, Any] | None = None,
    key: ec.EllipticCurvePrivateKey = CHAIN.leaf_key,
) -> str:
    """The div Identity value of a call to `diverting` that is sent on to `dest`."""
    sound = {"dest": {"tn": [dest]}, "div": {"tn": diverting}}
    return identity(
        header={"ppt": "div", **(header or {})},
        claims=sound | dict(claims or {}),
        key=key,
        beside=";ppt=div",
    )


def calling(
    callers: Iterable[str] = (CALLER,),
    to: str | None = CALLEE,
    target: str | None = CALLEE,
    *,
    anonymous: bool = False,
) -> Signalled:
    """What SIP says of the call."""
    return Signalled(frozenset(callers), to, target, anonymous)


CALL = calling()
DIVERTED = calling(target=NEXT)


def judged(
    *identities: str,
    call: Signalled = CALL,
    rules: Rules = RULES,
    now: float = NOW,
    chains: Mapping[str, TrustedChain | Reason] = CHAINS,
    revocations: Revocations = NO_LISTS,
) -> Verdict:
    """Both phases."""
    found = begin(identities, call, now, rules)
    return found if isinstance(found, Verdict) else found.finish(chains, revocations)


def wanted(*identities: str, call: Signalled = CALL, rules: Rules = RULES) -> tuple[str, ...]:
    """The URLs from which the first phase wants certificates."""
    found = begin(identities, call, NOW, rules)
    return () if isinstance(found, Verdict) else found.urls


@dataclass(frozen=True, slots=True)
class Case:
    """A call that must not pass, and why."""

    reason: Reason
    identities: tuple[str, ...]
    call: Signalled
    rules: Rules
    detail: str | None


def refused(
    id: str,
    clause: str,
    reason: Reason,
    *identities: str,
    call: Signalled = CALL,
    rules: Rules = RULES,
    detail: str | None = None,
) -> Any:
    """A case that the first phase refuses: in its id the intent, and the clause it rests on."""
    return pytest.param(Case(reason, identities, call, rules, detail), id=f"{id} ({clause})")


def assert_refused_unfetched(case: Case) -> None:
    """It fails for its reason in the first phase: nothing is fetched for a token that cannot pass."""
    found = begin(case.identities, case.call, NOW, case.rules)
    assert isinstance(found, Verdict)
    assert found.reason is case.reason
    assert (found.passed, found.attest, found.origid) == (False, None, None)
    if case.detail is not None:
        assert found.decisive is not None
        assert found.decisive.detail == case.detail
