"""A bucket holds one second of the limit in force, and no clock and no change of the limit empties it for long."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.cps import Bucket


def let_in(bucket: Bucket, cps: int, now: float, calls: int) -> int:
    """How many of so many calls at one moment are let in."""
    passed = 0
    for _ in range(calls):
        if not bucket.is_empty(cps, now):
            bucket.take()
            passed += 1
    return passed


def test_a_limit_of_none_a_second_lets_nothing_in() -> None:
    assert Bucket(tokens=0.0, at=0.0).is_empty(0, 1000.0)


def test_a_second_of_calls_passes_at_once_and_no_more() -> None:
    assert let_in(Bucket(tokens=5.0, at=0.0), 5, 0.0, 20) == 5


def test_asking_takes_nothing() -> None:
    bucket = Bucket(tokens=1.0, at=0.0)
    assert [bucket.is_empty(1, 0.0) for _ in range(5)] == [False] * 5


def test_what_is_not_used_comes_back_up_to_one_second() -> None:
    bucket = Bucket(tokens=4.0, at=0.0)
    assert let_in(bucket, 4, 0.0, 9) == 4
    assert let_in(bucket, 4, 0.5, 9) == 2
    assert let_in(bucket, 4, 100.0, 9) == 4


def test_the_size_follows_the_limit_in_force() -> None:
    bucket = Bucket(tokens=10.0, at=0.0)
    assert let_in(bucket, 3, 0.0, 20) == 3
    assert let_in(bucket, 100, 1.0, 200) == 100
    assert let_in(bucket, 3, 2.0, 20) == 3


def test_calls_let_in_before_the_others_had_begun_are_paid_back() -> None:
    bucket = Bucket(tokens=2.0, at=0.0)
    for _ in range(4):
        assert not bucket.is_empty(2, 0.0)
    for _ in range(4):
        bucket.take()
    assert bucket.is_empty(2, 1.0)
    assert let_in(bucket, 2, 2.0, 9) == 2


def test_a_debt_is_paid_in_a_second() -> None:
    bucket = Bucket(tokens=-1e6, at=0.0)
    assert bucket.is_empty(2, 1.0)
    assert let_in(bucket, 2, 2.0, 9) == 2


def test_a_clock_set_back_neither_fills_nor_stops_it() -> None:
    bucket = Bucket(tokens=2.0, at=0.0)
    assert let_in(bucket, 2, 5000.0, 9) == 2
    assert let_in(bucket, 2, 1000.0, 9) == 0
    assert let_in(bucket, 2, 1001.0, 9) == 2


@given(st.integers(1, 50), st.lists(st.tuples(st.floats(0, 0.3), st.integers(0, 30)), max_size=40))
def test_never_more_passes_than_a_second_in_store_and_what_was_earned(
    cps: int, arrivals: list[tuple[float, int]]
) -> None:
    bucket, now, passed = Bucket(tokens=float(cps), at=0.0), 0.0, 0
    for pause, calls in arrivals:
        now += pause
        passed += let_in(bucket, cps, now, calls)
    assert passed <= cps + now * cps + 1e-6
