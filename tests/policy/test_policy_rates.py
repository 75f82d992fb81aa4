"""Rates: the longest prefix in the account's own table, and every increment begun is paid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.rates import DEAREST, Rate, RateTables, cost


@pytest.mark.parametrize(
    ("prefix", "per_minute", "increment", "why"),
    [
        pytest.param("44x", 1, 60, "is not made of digits", id="prefix-with-a-letter"),
        pytest.param("44", -1, 60, "a minute costs", id="negative-price"),
        pytest.param("44", DEAREST + 1, 60, "a minute costs", id="absurd-price"),
        pytest.param("44", 1, 0, "an increment is", id="no-increment"),
        pytest.param("44", 1, -6, "an increment is", id="negative-increment"),
        pytest.param("44", 1, 3601, "an increment is", id="absurd-increment"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(prefix: str, per_minute: int, increment: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Rate("retail", prefix, per_minute, increment)


LONDON = Rate("retail", "4420", 12_000, 6)
UNITED_KINGDOM = Rate("retail", "44", 15_000)
REST = Rate("flat", "", 100_000, 1)
TABLES = RateTables([LONDON, UNITED_KINGDOM, REST])


@pytest.mark.parametrize(
    ("table", "number"),
    [("retail", "12125550100"), ("retail", "4"), ("retail", ""), ("wholesale", "442071838750")],
    ids=["no-prefix", "shorter-than-the-prefix", "no-number", "no-such-table"],
)
def test_a_number_without_a_rate_has_none(table: str, number: str) -> None:
    assert TABLES.find(table, number) is None


@pytest.mark.parametrize(
    ("table", "number", "rate"),
    [
        pytest.param("retail", "442071838750", LONDON, id="longest-prefix"),
        pytest.param("retail", "447700900123", UNITED_KINGDOM, id="shorter-prefix"),
        pytest.param("flat", "442071838750", REST, id="another-table"),
    ],
)
def test_the_longest_prefix_of_the_table_is_the_rate(table: str, number: str, rate: Rate) -> None:
    assert TABLES.find(table, number) == rate


@pytest.mark.parametrize(
    ("seconds", "micro_units"),
    [(-3.0, 0), (0.0, 0), (0.01, 60_000), (60.0, 60_000), (60.01, 120_000), (120.0, 120_000)],
)
def test_every_minute_begun_is_paid(seconds: float, micro_units: int) -> None:
    assert cost(Rate("retail", "44", 60_000), seconds) == micro_units


@pytest.mark.parametrize(("seconds", "micro_units"), [(1, 6_000), (6, 6_000), (7, 12_000), (61, 66_000)])
def test_increments_may_be_shorter_than_a_minute(seconds: float, micro_units: int) -> None:
    assert cost(Rate("retail", "44", 60_000, 6), seconds) == micro_units


def test_part_of_a_micro_unit_is_one() -> None:
    assert cost(Rate("retail", "44", 1, 1), 1) == 1


def test_the_dearest_day_is_an_integer_of_64_bits() -> None:
    assert cost(Rate("retail", "44", DEAREST, 3600), 86_400) < 2**63


@given(st.integers(0, 10**9), st.integers(1, 3600), st.floats(0, 10**6))
def test_a_call_never_costs_less_than_its_time(per_minute: int, increment: int, seconds: float) -> None:
    price = cost(Rate("retail", "44", per_minute, increment), seconds)
    assert price * 60 >= per_minute * int(seconds)
    assert price * 60 <= per_minute * (int(seconds) + 1 + increment) + 60
