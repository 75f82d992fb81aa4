"""Several Identity headers: one that is valid is enough, and of failures the one that says most decides
(RFC 8224 §6.2.1, §6.2.2)."""

import pytest
from builders import (
    CALL,
    CALLEE,
    CHAINS,
    DIVERTED,
    NEXT,
    NO_LISTS,
    NOW,
    RULES,
    X5U,
    diverted,
    identity,
    judged,
    wanted,
)
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.stir.reasons import Reason
from gateway.stir.verdict import Verdict
from gateway.stir.verification import MOST_IDENTITIES, begin

OTHER = "https://other.example.org/passport.cer"
STRANGER = ec.generate_private_key(ec.SECP256R1())
SOUND = identity()
ELSEWHERE = identity(header={"x5u": OTHER}, claims={"attest": "B"})
STALE = identity(claims={"iat": NOW - 61})
FORGED = identity(key=STRANGER)
UNKNOWN_KIND = identity(header={"ppt": "rph"})
MALFORMED = "not an identity"


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param(STALE, id="stale"),
        pytest.param(FORGED, id="forged"),
        pytest.param(UNKNOWN_KIND, id="of-an-unknown-kind"),
        pytest.param(MALFORMED, id="malformed"),
        pytest.param(diverted(CALLEE, NEXT), id="a-diversion-not-taken"),
        pytest.param(ELSEWHERE, id="without-certificate"),
        pytest.param(SOUND, id="the-same-again"),
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["before", "behind"])
def test_one_valid_header_is_enough(beside: str, first: bool) -> None:
    """RFC 8224 §6.2.1."""
    verdict = judged(*((SOUND, beside) if first else (beside, SOUND)))
    assert (verdict.reason, verdict.attest) == (Reason.PASSED, "A")
    assert verdict.decisive is not None
    assert verdict.decisive.spc == "616H"


def test_the_first_that_passes_attests() -> None:
    both = {**CHAINS, OTHER: CHAINS[X5U]}
    assert judged(ELSEWHERE, SOUND, chains=both).attest == "B"
    assert judged(SOUND, ELSEWHERE, chains=both).attest == "A"


def test_every_header_gets_its_own_verdict_in_order() -> None:
    verdict = judged(MALFORMED, UNKNOWN_KIND, SOUND, FORGED)
    assert [header.reason for header in verdict.headers] == [
        Reason.IDENTITY_MALFORMED,
        Reason.PPT_UNSUPPORTED,
        Reason.PASSED,
        Reason.SIGNATURE_INVALID,
    ]
    assert verdict.failures == (verdict.headers[0], verdict.headers[1], verdict.headers[3])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param((UNKNOWN_KIND,), Reason.PPT_UNSUPPORTED, id="an-unknown-kind-alone-is-as-none"),
        pytest.param((UNKNOWN_KIND, STALE), Reason.IAT_STALE, id="an-unknown-kind-is-ignored"),
        pytest.param(
            (UNKNOWN_KIND, ELSEWHERE), Reason.CERTIFICATE_TIMEOUT, id="ignored-before-no-certificate-too"
        ),
        pytest.param((ELSEWHERE, FORGED), Reason.SIGNATURE_INVALID, id="436-only-if-none-got-further"),
        pytest.param(
            (FORGED, ELSEWHERE), Reason.SIGNATURE_INVALID, id="436-only-if-none-got-further-either-way"
        ),
        pytest.param((ELSEWHERE, MALFORMED), Reason.IDENTITY_MALFORMED, id="one-judged-and-one-not"),
        pytest.param((ELSEWHERE, ELSEWHERE), Reason.CERTIFICATE_TIMEOUT, id="none-could-be-fetched"),
        pytest.param((STALE, FORGED), Reason.IAT_STALE, id="the-first-of-two-failures"),
        pytest.param((FORGED, STALE), Reason.SIGNATURE_INVALID, id="the-first-of-two-failures-either-way"),
    ],
)
def test_the_failure_that_says_most_decides(values: tuple[str, ...], reason: Reason) -> None:
    verdict = judged(*values, chains={**CHAINS, OTHER: Reason.CERTIFICATE_TIMEOUT})
    assert verdict.reason is reason
    assert verdict.decisive is not None
    assert verdict.decisive.reason is reason


def test_a_diversion_neither_saves_nor_decides() -> None:
    """Its failure is told of its own header; the call fails as the token that it diverts."""
    no_level = identity(claims={"attest": "Z"})
    assert judged(diverted(CALLEE, NEXT), no_level, call=DIVERTED).reason is Reason.ATTEST_INVALID


def test_certificates_are_wanted_for_headers_that_can_pass_alone() -> None:
    assert wanted(STALE, UNKNOWN_KIND, ELSEWHERE, MALFORMED, SOUND, SOUND) == (OTHER, X5U)


def test_sixteen_headers_are_looked_at() -> None:
    assert judged(*[STALE] * (MOST_IDENTITIES - 1), SOUND).passed


def test_the_seventeenth_is_not_looked_at() -> None:
    """A request has one header for its caller, and one for each diversion."""
    verdict = judged(*[STALE] * MOST_IDENTITIES, SOUND)
    assert verdict.reason is Reason.IAT_STALE
    assert verdict.headers[-1].reason is Reason.TOO_MANY_IDENTITIES


def test_too_many_of_an_unknown_kind_are_too_many() -> None:
    assert judged(*[UNKNOWN_KIND] * MOST_IDENTITIES, SOUND).reason is Reason.TOO_MANY_IDENTITIES


def test_ten_thousand_headers_are_answered_one_by_one() -> None:
    found = begin([SOUND] * 10_000, CALL, NOW, RULES)
    assert not isinstance(found, Verdict)
    assert found.urls == (X5U,)
    assert len(found.finish(CHAINS, NO_LISTS).headers) == 10_000
