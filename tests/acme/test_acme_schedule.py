"""When to renew, when to try again, and how late it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.acme.schedule import (
    DAY,
    FIRST_WAIT,
    LATEST_LOOK,
    LONGEST_WAIT,
    SOONEST_LOOK,
    Pause,
    look_after,
    renewal_at,
    urgency,
    wait_after,
)


def test_a_year_is_renewed_a_month_before_its_end() -> None:
    assert renewal_at(0, 365 * DAY, 30 * DAY, 0.0) == 335 * DAY


def test_a_week_is_not_renewed_before_two_thirds_of_it_are_over() -> None:
    assert renewal_at(0, 6 * DAY, 30 * DAY, 0.0) == 4 * DAY


def test_nodes_that_began_together_renew_up_to_a_tenth_of_the_rest_apart() -> None:
    assert renewal_at(0, 365 * DAY, 30 * DAY, 1.0) == 338 * DAY


@given(st.floats(0, 1e9), st.floats(1, 1e9), st.floats(DAY, 1e9), st.floats(0, 1))
def test_a_renewal_is_always_within_the_life_of_the_certificate(
    begin: float, life: float, before: float, jitter: float
) -> None:
    assert begin <= renewal_at(begin, begin + life, before, jitter) <= begin + life


@given(st.integers(1, 10**6), st.none() | st.floats(0, 1e12), st.floats(0, 1))
def test_a_wait_is_never_nothing_and_never_more_than_six_hours(
    failures: int, retry_after: float | None, jitter: float
) -> None:
    assert FIRST_WAIT * 0.9 <= wait_after(failures, retry_after, jitter) <= LONGEST_WAIT


def test_what_the_other_side_asks_for_is_respected() -> None:
    assert wait_after(1, 3600.0, 0.5) == 3600.0


@pytest.mark.parametrize(
    ("elapsed", "retry_after", "wait"),
    [
        pytest.param(0, None, SOONEST_LOOK, id="at first"),
        pytest.param(400, None, 100, id="later"),
        pytest.param(10**6, None, LATEST_LOOK, id="late"),
        pytest.param(0, 0, SOONEST_LOOK, id="asked for at once"),
        pytest.param(0, 3600, 3600, id="asked for later"),
        pytest.param(0, 10**9, LONGEST_WAIT, id="asked for never"),
    ],
)
def test_the_older_an_order_the_rarer_the_looks(
    elapsed: float, retry_after: float | None, wait: float
) -> None:
    assert look_after(elapsed, retry_after) == wait


@pytest.mark.parametrize(("days", "passed"), [(30.1, 0), (30, 1), (14, 2), (7, 3), (1, 4), (0, 4), (-5, 4)])
def test_every_threshold_makes_it_more_urgent(days: float, passed: int) -> None:
    assert urgency(days * DAY) == passed


def test_a_pause_ends_in_time_and_where_the_clock_was_set_back() -> None:
    pause = Pause.of(1000.0, 60.0)
    assert [pause.holds(now) for now in (999.0, 1000.0, 1059.0, 1060.0)] == [False, True, True, False]
