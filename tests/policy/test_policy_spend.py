"""Running calls cost what their begun increments cost, ended ones what they cost in the day they ended, to the unit."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.rates import Rate, cost
from gateway.policy.spend import Meter, Spend

TODAY, TOMORROW = date(2026, 7, 3), date(2026, 7, 4)
MINUTES = Rate("retail", "1", per_minute=600_000, increment=60)
SECONDS = Rate("retail", "44", per_minute=600_000, increment=1)


def test_nothing_was_spent_at_first() -> None:
    assert Spend().spent(TODAY, 0.0) == 0


@pytest.mark.parametrize(
    ("rate", "seconds", "spent"),
    [
        pytest.param(MINUTES, 0, 0, id="not yet a second"),
        pytest.param(MINUTES, 1, 600_000, id="a minute has begun"),
        pytest.param(MINUTES, 60, 600_000, id="a minute is over"),
        pytest.param(MINUTES, 61, 1_200_000, id="the second minute has begun"),
        pytest.param(SECONDS, 61, 610_000, id="by the second"),
    ],
)
def test_a_running_call_costs_its_begun_increments(rate: Rate, seconds: int, spent: int) -> None:
    spend = Spend()
    spend.start(rate, 1_000_037)
    assert spend.spent(TODAY, 1_000_037 + seconds) == spent == cost(rate, seconds)


def test_a_call_that_runs_no_longer_leaves_nothing_but_what_is_settled() -> None:
    spend = Spend()
    spend.start(MINUTES, 100.9)
    spend.stop(MINUTES, 100.9)
    assert spend.spent(TODAY, 1e9) == 0
    spend.settle(5, TODAY)
    assert spend.spent(TODAY, 1e9) == 5


def test_a_new_day_begins_with_nothing_settled() -> None:
    spend = Spend()
    spend.settle(5, TODAY)
    assert spend.spent(TOMORROW, 0.0) == 0
    spend.settle(7, TOMORROW)
    assert (spend.settled(TOMORROW), spend.settled(TODAY)) == (7, 0)


def test_a_call_that_runs_over_midnight_counts_in_full_in_the_new_day() -> None:
    spend = Spend()
    spend.start(MINUTES, 0)
    spend.settle(5, TODAY)
    assert spend.spent(TODAY, 120) == 1_200_005
    assert spend.spent(TOMORROW, 180) == 1_800_000


def test_a_clock_set_back_before_the_start_makes_no_gain() -> None:
    spend = Spend()
    spend.start(MINUTES, 1000)
    spend.settle(5, TODAY)
    assert spend.spent(TODAY, 10) == 5


def test_an_increment_of_an_hour_is_followed_to_the_minute() -> None:
    meter = Meter(3600)
    meter.start(10, second=30)
    assert [meter.read(second) for second in (30, 90, 3600, 3660)] == [0, 10, 10, 20]


RATES = st.builds(Rate, st.just("t"), st.just("1"), st.integers(0, 10**9), st.sampled_from([1, 6, 30, 60]))


@given(st.lists(st.tuples(RATES, st.integers(0, 10_000), st.integers(0, 10_000)), max_size=30))
def test_any_calls_cost_together_what_each_costs(calls: list[tuple[Rate, int, int]]) -> None:
    spend, now = Spend(), 20_000
    for rate, start, _ in calls:
        spend.start(rate, start)
    each = sum(cost(rate, now - start) for rate, start, _ in calls)
    # A cost is rounded up to a unit call by call, the sum of the running ones once.
    assert each - len(calls) <= spend.spent(TODAY, now) <= each
    for rate, start, _ in calls:
        spend.stop(rate, start)
    assert spend.spent(TODAY, now) == 0
