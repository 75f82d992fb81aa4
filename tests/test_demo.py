"""The demonstration cannot be fooled: what is not as expected is told, and a bad Identity header is refused."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certs import pem
from certs.builders import Chain, make_chain
from gateway.origid import new_origid
from gateway.stir import identity
from gateway.stir.claims import ShakenClaims
from gateway.stir.passport import Signer
from scenarios.demo.calls import CALLS, Call, leg_file
from scenarios.demo.incoming import Incoming, Told, wrong
from scenarios.demo.judge import judge
from scenarios.demo.play import Heard
from scenarios.demo.table import entry
from scenarios.demo.verifiers import Refused, Verifier

X5U = "http://127.0.0.1:8080/certs/616H.pem"
CALL = Call("own number", {"vos3000": "calls-then-hangs-up", "carrier": "answers"}, attest="A")
LEG_ROLES = {"vos3000", "vos3000-b", "transit", "nobody", "stranger", "carrier", "backup"}


@pytest.fixture(scope="module")
def chain() -> Chain:
    return make_chain(now=datetime.now(UTC))


@pytest.fixture
def verifier(chain: Chain, tmp_path: Path) -> Verifier:
    return verifier_of(chain, chain, tmp_path)


def verifier_of(served: Chain, trusted: Chain, folder: Path) -> Verifier:
    """A verifier that finds one chain at X5U and trusts the root of another."""
    (folder / "root.pem").write_bytes(pem.chain(trusted.root.certificate))
    (folder / "intermediate.pem").write_bytes(pem.chain(trusted.intermediate.certificate))
    return Verifier(folder / "root.pem", folder, fetch={X5U: served.pem}.__getitem__)


def signed(chain: Chain, attest: str = "A", orig: str = "12155550123", age: int = 0) -> str:
    claims = ShakenClaims(attest, ("13035550123",), int(time.time()) - age, orig, new_origid())  # type: ignore[arg-type]
    return identity.build(Signer(chain.leaf_key, X5U).sign(claims), X5U)


def heard(*identities: str) -> Heard:
    """What is heard of a call that goes well."""
    return Heard((100, 180, 200), "", "carrier", identities, (), ())


DEFECTS = {
    "final-answer": ({"codes": (100, 486)}, "saw 486, not 200"),
    "silence": ({"codes": ()}, "saw None, not 200"),
    "other-carrier": ({"carrier": "backup"}, "went to backup, not carrier"),
    "no-carrier": ({"carrier": None}, "went to None, not carrier"),
    "refused-by-rule": ({"rule": "route.none"}, "'route.none', not ''"),
    "leg-failed": ({"failures": ("carrier: SIPp ended with 1",)}, "SIPp ended with 1"),
    "unsigned": ({"identities": ()}, "0 Identity headers, not 1"),
    "two-identities": ({"identities": ("a", "b")}, "2 Identity headers, not 1"),
    "malformed": ({"identities": ("nonsense",)}, "not an Identity header"),
}


@pytest.mark.parametrize(("defect", "said"), DEFECTS.values(), ids=DEFECTS)
def test_what_is_not_as_expected_is_told(
    chain: Chain, verifier: Verifier, defect: dict[str, object], said: str
) -> None:
    verdict = judge(CALL, replace(heard(signed(chain)), **defect), verifier)  # type: ignore[arg-type]
    assert said in "\n".join(verdict.wrong)


@pytest.mark.parametrize(
    "claims", [{"attest": "B"}, {"orig": "12155550124"}], ids=["other-attest", "other-caller"]
)
def test_other_claims_than_expected_are_told(
    chain: Chain, verifier: Verifier, claims: dict[str, str]
) -> None:
    assert "the token says" in judge(CALL, heard(signed(chain, **claims)), verifier).wrong[0]


def test_an_unsigned_call_may_have_no_identity(chain: Chain, verifier: Verifier) -> None:
    unsigned = replace(CALL, attest="unsigned")
    assert judge(unsigned, heard(signed(chain)), verifier).wrong == (
        "the carrier got 1 Identity headers, not 0",
    )


def test_an_identity_of_somebody_else_must_arrive_untouched(verifier: Verifier) -> None:
    untouched = replace(CALL, attest="untouched")
    changed = replace(heard("theirs"), sent_identities=("theirs;changed",))
    assert judge(untouched, changed, verifier).wrong == ("the Identity header changed on its way",)


def test_a_call_as_expected_has_nothing_wrong(chain: Chain, verifier: Verifier) -> None:
    verdict = judge(CALL, heard(signed(chain)), verifier)
    assert verdict.wrong == ()
    assert verdict.passport is not None
    assert verdict.passport.orig == "12155550123"


def test_a_changed_token_is_refused(chain: Chain, verifier: Verifier) -> None:
    header, payload, rest = signed(chain).split(".", 2)
    other = signed(chain, orig="12155550199").split(".")[1]
    assert other != payload
    with pytest.raises(Refused, match="PyJWT"):
        verifier.verify(f"{header}.{other}.{rest}")


def test_an_old_token_is_refused(chain: Chain, verifier: Verifier) -> None:
    with pytest.raises(Refused, match=r"iat is 7\d s ago"):
        verifier.verify(signed(chain, age=70))


def test_a_chain_of_another_root_is_refused(chain: Chain, tmp_path: Path) -> None:
    stranger = make_chain(now=datetime.now(UTC))
    with pytest.raises(Refused, match="does not lead to the lab's root"):
        verifier_of(stranger, chain, tmp_path).verify(signed(stranger))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.kind)
def test_each_call_is_played_by_legs_that_exist(call: Call) -> None:
    assert call.legs.keys() <= LEG_ROLES
    assert all(leg_file(name).is_file() for name in call.legs.values())


def test_the_mark_says_whether_all_is_well(chain: Chain, verifier: Verifier) -> None:
    good = heard(signed(chain))
    bad = replace(good, codes=(503,))
    assert entry(CALL, good, judge(CALL, good, verifier)).startswith("✓")
    assert entry(CALL, bad, judge(CALL, bad, verifier)).startswith("✗")
    assert "saw 503" in entry(CALL, bad, judge(CALL, bad, verifier))


SIGNED = Incoming("signed", told="TN-Validation-Passed")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param(Told((100, 438), (), "TN-Validation-Passed", ""), "saw 438, not 200", id="rejected"),
        pytest.param(Told((), (), "TN-Validation-Passed", ""), "saw None, not 200", id="silence"),
        pytest.param(
            Told((200,), (), "TN-Validation-Failed", ""), "told TN-Validation-Failed", id="distrusted"
        ),
        pytest.param(Told((200,), (), None, ""), "told None", id="not-told"),
        pytest.param(Told((200,), (403,), "TN-Validation-Passed", ""), "told (403,)", id="complaint"),
    ],
)
def test_a_carriers_call_that_went_otherwise_is_told(told: Told, said: str) -> None:
    assert any(said in line for line in wrong(SIGNED, told))


def test_a_carriers_call_as_expected_has_nothing_wrong() -> None:
    assert not list(wrong(SIGNED, Told((100, 180, 200), (), "TN-Validation-Passed", "[V] Alice")))
