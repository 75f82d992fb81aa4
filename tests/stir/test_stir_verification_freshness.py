"""How old a token may be, and how far ahead of our clock (RFC 8224 §6.2 step 4)."""

import pytest
from builders import (
    CALLEE,
    DIVERTED,
    NEXT,
    NOW,
    Case,
    assert_refused_unfetched,
    diverted,
    identity,
    judged,
    refused,
)

from gateway.stir.reasons import Reason
from gateway.stir.verification import DIVERTED_AGE, Rules

STEP_4 = "RFC 8224 6.2 step 4"
AN_HOUR = Rules(max_iat_age=3600, future_skew=0)


def aged(seconds: float) -> str:
    return identity(claims={"iat": NOW - seconds})


REFUSED = [
    refused("61-seconds-old", STEP_4, Reason.IAT_STALE, aged(61)),
    refused("a-moment-over-60", STEP_4, Reason.IAT_STALE, aged(60.001)),
    refused("before-1970", STEP_4, Reason.IAT_STALE, aged(NOW + 1)),
    refused("as-old-as-can-be", STEP_4, Reason.IAT_STALE, identity(claims={"iat": -1e308})),
    refused("11-seconds-ahead", STEP_4, Reason.IAT_IN_FUTURE, aged(-11)),
    refused("in-milliseconds", STEP_4, Reason.IAT_IN_FUTURE, identity(claims={"iat": NOW * 1000})),
    refused("in-a-far-future", STEP_4, Reason.IAT_IN_FUTURE, identity(claims={"iat": 10**300})),
    refused("an-hour-and-a-second", STEP_4, Reason.IAT_STALE, aged(3601), rules=AN_HOUR),
    refused("ahead-where-no-skew-is-granted", STEP_4, Reason.IAT_IN_FUTURE, aged(-1), rules=AN_HOUR),
    refused(
        "a-stale-last-diversion",
        "RFC 8946 4.2 step 4",
        Reason.IAT_STALE,
        identity(),
        diverted(CALLEE, NEXT, claims={"iat": NOW - 61}),
        call=DIVERTED,
        detail="div",
    ),
    refused(
        "a-diversion-from-the-future",
        "RFC 8946 4.2 step 4",
        Reason.IAT_IN_FUTURE,
        identity(),
        diverted(CALLEE, NEXT, claims={"iat": NOW + 11}),
        call=DIVERTED,
        detail="div",
    ),
    refused(
        "too-old-even-before-a-diversion",
        "RFC 8946 4.2 step 4",
        Reason.IAT_STALE,
        aged(DIVERTED_AGE + 1),
        diverted(CALLEE, NEXT),
        call=DIVERTED,
        detail="",
    ),
]


@pytest.mark.parametrize("case", REFUSED)
def test_fails_before_anything_is_fetched(case: Case) -> None:
    assert_refused_unfetched(case)


@pytest.mark.parametrize("seconds", [60, 59.999, 1, 0, -1, -10])
def test_passes_within_the_window_both_ways(seconds: float) -> None:
    assert judged(aged(seconds)).passed


@pytest.mark.parametrize("seconds", [3600, 61, 0])
def test_passes_within_the_window_that_is_set(seconds: int) -> None:
    assert judged(aged(seconds), rules=AN_HOUR).passed


@pytest.mark.parametrize("seconds", [DIVERTED_AGE, 61])
def test_a_token_before_a_diversion_may_have_rung_elsewhere(seconds: float) -> None:
    assert judged(aged(seconds), diverted(CALLEE, NEXT), call=DIVERTED).passed


def test_a_window_wider_than_that_of_diverted_calls_holds_for_them_too() -> None:
    assert judged(aged(3600), diverted(CALLEE, NEXT), call=DIVERTED, rules=AN_HOUR).passed


def test_a_diversion_may_keep_the_iat_of_the_token_it_diverts() -> None:
    """RFC 8946 §3: it should, in fact."""
    old = {"iat": NOW - 30}
    assert judged(identity(claims=old), diverted(CALLEE, NEXT, claims=old), call=DIVERTED).passed
