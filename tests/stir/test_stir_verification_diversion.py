"""Diverted calls: every step from the number first called to the one called now is validly signed (RFC 8946 §4.2)."""

from itertools import pairwise, permutations

import pytest
from builders import (
    CALL,
    CALLEE,
    CALLER,
    CHAINS,
    DIVERTED,
    NEXT,
    NOW,
    THIRD,
    X5U,
    Case,
    assert_refused_unfetched,
    calling,
    diverted,
    identity,
    judged,
    refused,
    resigned,
    trusted,
    wanted,
)
from cryptography.hazmat.primitives.asymmetric import ec

from certs.builders import make_chain
from certs.extensions import tn_auth_list
from gateway.stir import tnauthlist
from gateway.stir.reasons import Reason
from gateway.stir.verification import Rules

FIFTH = "https://fifth.example.org/passport.cer"
STEPS = "RFC 8946 4.2"
ALONG = [CALLEE, *(f"1215555132{n}" for n in range(5))]
ONTO_NEXT = diverted(CALLEE, NEXT)
STRANGER = ec.generate_private_key(ec.SECP256R1())

REFUSED = [
    refused("alone", "RFC 8946 4.1", Reason.DIV_BROKEN, ONTO_NEXT, call=DIVERTED, detail="unused"),
    refused(
        "for-another-target",
        f"{STEPS} step 1",
        Reason.RETARGETED,
        identity(),
        ONTO_NEXT,
        call=calling(target=THIRD),
    ),
    refused(
        "from-a-number-not-called", STEPS, Reason.RETARGETED, identity(), diverted(THIRD, NEXT), call=DIVERTED
    ),
    refused(
        "a-step-missing",
        STEPS,
        Reason.RETARGETED,
        identity(),
        diverted(NEXT, THIRD),
        call=calling(target=THIRD),
    ),
    refused("backwards", STEPS, Reason.RETARGETED, identity(), diverted(NEXT, CALLEE), call=DIVERTED),
    refused("in-a-circle", STEPS, Reason.RETARGETED, identity(), diverted(NEXT, NEXT), call=DIVERTED),
    refused(
        "for-another-caller",
        f"{STEPS} step 3",
        Reason.RETARGETED,
        identity(),
        diverted(CALLEE, NEXT, claims={"orig": {"tn": THIRD}}),
        call=DIVERTED,
    ),
    refused(
        "from-a-token-of-a-kind-unknown-here",
        f"{STEPS} step 5",
        Reason.PPT_UNSUPPORTED,
        identity(header={"ppt": "rph"}),
        ONTO_NEXT,
        call=DIVERTED,
    ),
]


@pytest.mark.parametrize("case", REFUSED)
def test_fails_before_anything_is_fetched(case: Case) -> None:
    assert_refused_unfetched(case)


def steps(numbers: list[str]) -> list[str]:
    """A div token for each step of the way."""
    return [diverted(at, to) for at, to in pairwise(numbers)]


@pytest.mark.parametrize("times", [1, 2, 3, 4, 5])
def test_passes_diverted_up_to_five_times(times: int) -> None:
    """The French profile allows five."""
    way = ALONG[: times + 1]
    verdict = judged(identity(), *steps(way), call=calling(target=way[-1]))
    assert verdict.passed
    assert all(header.passed for header in verdict.headers)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_passes_in_whatever_order_the_headers_come(order: tuple[int, ...]) -> None:
    """RFC 8946 §3: Identity header fields are not ordered."""
    values = [identity(), *steps(ALONG[:4])]
    verdict = judged(*(values[n] for n in order), call=calling(target=ALONG[3]))
    assert verdict.passed
    assert verdict.attest == "A"
    assert verdict.decisive is not None
    assert verdict.decisive.ppt == "shaken"


def test_to_plays_no_part_once_diversions_lead_to_the_target() -> None:
    """RFC 8946 §4.2, the note behind step 5."""
    for to in (CALLEE, NEXT, THIRD, None):
        assert judged(identity(), ONTO_NEXT, call=calling(to=to, target=NEXT)).passed


def test_one_of_several_called_was_diverted() -> None:
    value = identity(claims={"dest": {"tn": [THIRD, CALLEE]}})
    assert judged(value, ONTO_NEXT, call=DIVERTED).passed


def test_one_diversion_serves_two_tokens_of_the_same_call() -> None:
    """RFC 8946 §4.2 step 5."""
    verdict = judged(identity(), identity(claims={"attest": "B"}), ONTO_NEXT, call=DIVERTED)
    assert [header.passed for header in verdict.headers] == [True, True, True]


def test_a_circle_on_the_way_is_not_walked_twice() -> None:
    values = (identity(), diverted(CALLEE, NEXT), diverted(NEXT, CALLEE), diverted(NEXT, THIRD))
    verdict = judged(*values, call=calling(target=THIRD))
    assert verdict.passed
    assert [header.reason for header in verdict.headers] == [
        Reason.PASSED,
        Reason.PASSED,
        Reason.DIV_BROKEN,
        Reason.PASSED,
    ]


def test_a_diversion_that_the_call_did_not_take_does_no_harm() -> None:
    verdict = judged(identity(), diverted(CALLEE, THIRD))
    assert verdict.passed
    assert (verdict.headers[1].reason, verdict.headers[1].detail) == (Reason.DIV_BROKEN, "unused")


def test_where_unsigned_diversions_are_let_pass_a_signed_one_that_leads_elsewhere_does_no_harm() -> None:
    assert judged(identity(), diverted(CALLEE, THIRD), call=DIVERTED, rules=Rules(retargeted=True)).passed


def test_every_certificate_on_the_way_is_wanted_once() -> None:
    values = [identity(), *steps(ALONG[:5]), diverted(ALONG[4], ALONG[5], header={"x5u": FIFTH})]
    assert wanted(*values, call=calling(target=ALONG[5])) == (X5U, FIFTH)


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_one_broken_signature_on_the_way_breaks_it(broken: int) -> None:
    """RFC 8946 §4.2 steps 2 and 5."""
    way = steps(ALONG[:4])
    way[broken] = diverted(ALONG[broken], ALONG[broken + 1], key=STRANGER)
    verdict = judged(identity(), *way, call=calling(target=ALONG[3]))
    assert (verdict.reason, verdict.headers[0].detail) == (Reason.DIV_BROKEN, "signature-invalid")
    assert verdict.headers[1 + broken].reason is Reason.SIGNATURE_INVALID


def test_the_diversion_holds_but_what_it_diverts_does_not() -> None:
    verdict = judged(identity(key=STRANGER), ONTO_NEXT, call=DIVERTED)
    assert verdict.reason is Reason.SIGNATURE_INVALID
    assert verdict.headers[1].passed


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        pytest.param([CALLEE], Reason.PASSED, id="for-the-number-that-diverts"),
        pytest.param([CALLER], Reason.DIV_BROKEN, id="for-the-caller"),
        pytest.param([NEXT], Reason.DIV_BROKEN, id="for-the-number-diverted-to"),
    ],
)
def test_a_diversion_is_signed_for_the_number_that_diverts(numbers: list[str], reason: Reason) -> None:
    """RFC 8946 §3, §4.2 step 2: not for orig."""
    scope = tn_auth_list([tnauthlist.One(number) for number in numbers])
    chain = make_chain(leaf=lambda leaf: leaf.having(scope.value))
    value = diverted(CALLEE, NEXT, header={"x5u": FIFTH}, key=chain.leaf_key)
    verdict = judged(identity(), value, call=DIVERTED, chains={**CHAINS, FIFTH: trusted(chain)})
    assert verdict.reason is reason


@pytest.mark.parametrize(
    ("fate", "reason"),
    [
        (Reason.CERTIFICATE_TIMEOUT, Reason.CERTIFICATE_TIMEOUT),
        (Reason.CERTIFICATE_UNREACHABLE, Reason.CERTIFICATE_UNREACHABLE),
        (Reason.FETCH_OVERLOADED, Reason.FETCH_OVERLOADED),
        (Reason.CRL_UNAVAILABLE, Reason.CRL_UNAVAILABLE),
        (Reason.X5U_REFUSED, Reason.DIV_BROKEN),
        (Reason.CERTIFICATE_UNTRUSTED, Reason.DIV_BROKEN),
    ],
)
def test_a_diversion_that_could_not_be_judged_is_not_called_broken(fate: Reason, reason: Reason) -> None:
    """Nobody on the call is at fault for a certificate host, or for us."""
    value = diverted(CALLEE, NEXT, header={"x5u": FIFTH})
    verdict = judged(identity(), value, call=DIVERTED, chains={**CHAINS, FIFTH: fate})
    assert verdict.reason is reason
    assert verdict.headers[0].detail == (fate.value if reason is Reason.DIV_BROKEN else "div")
    assert verdict.headers[1].reason is fate


def test_nothing_is_fetched_for_the_diversions_of_a_token_that_cannot_pass() -> None:
    values = (identity(claims={"iat": NOW - 1000}), ONTO_NEXT)
    assert wanted(*values, call=DIVERTED) == ()


def test_a_diversion_of_no_token_that_could_pass_is_not_judged() -> None:
    verdict = judged(identity(claims={"attest": "Z"}), ONTO_NEXT, call=DIVERTED)
    assert verdict.reason is Reason.ATTEST_INVALID
    assert (verdict.headers[1].reason, verdict.headers[1].detail) == (Reason.DIV_BROKEN, "unused")


def test_an_unreadable_signature_of_a_diversion_is_found_before_anything_is_fetched() -> None:
    assert wanted(identity(), resigned(ONTO_NEXT, bytes(64)), call=DIVERTED) == ()


def test_a_call_that_was_not_diverted_needs_no_diversion() -> None:
    assert wanted(identity(), ONTO_NEXT, call=CALL) == (X5U,)
