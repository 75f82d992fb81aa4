"""Attempts count for half a window at least and a window at most; rows count until they are broken; both stay small."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.tallies import Attempts, Streaks

WINDOW = 3600.0


def test_the_first_attempt_is_one() -> None:
    assert Attempts().add("a", False, WINDOW, 0.0) == (1, 0)


def test_marked_attempts_are_counted_beside_the_others() -> None:
    attempts = Attempts()
    assert [attempts.add("a", marked, WINDOW, 0.0) for marked in (True, False, True)] == [
        (1, 1),
        (2, 1),
        (3, 2),
    ]


def test_one_key_does_not_count_for_another() -> None:
    attempts = Attempts()
    attempts.add("a", True, WINDOW, 0.0)
    assert attempts.add("b", False, WINDOW, 0.0) == (1, 0)


def test_attempts_spread_over_a_window_are_counted_together() -> None:
    attempts = Attempts()
    assert [attempts.add("a", False, WINDOW, now)[0] for now in range(0, 3600, 360)] == list(range(1, 11))


def test_an_attempt_older_than_the_window_does_not_count() -> None:
    attempts = Attempts()
    for _ in range(9):
        attempts.add("a", False, WINDOW, 0.0)
    attempts.add("other", False, WINDOW, 1800.0)
    assert attempts.add("a", False, WINDOW, 3600.0) == (1, 0)


def test_after_a_long_silence_nothing_is_left() -> None:
    attempts = Attempts()
    attempts.add("a", False, WINDOW, 0.0)
    assert attempts.add("a", False, WINDOW, 1e9) == (1, 0)


def test_a_clock_set_back_a_little_loses_nothing_and_a_lot_begins_anew() -> None:
    attempts = Attempts()
    attempts.add("a", False, WINDOW, 10_000.0)
    assert attempts.add("a", False, WINDOW, 9_990.0) == (2, 0)
    assert attempts.add("a", False, WINDOW, 0.0) == (1, 0)


def test_a_forgotten_key_begins_anew() -> None:
    attempts = Attempts()
    attempts.add("a", False, WINDOW, 0.0)
    attempts.add("a", False, WINDOW, 1800.0)
    attempts.forget("a")
    attempts.forget("a")
    assert attempts.add("a", False, WINDOW, 1800.0) == (1, 0)


def test_a_flood_of_keys_fills_no_memory_and_does_not_hide_who_goes_on() -> None:
    attempts = Attempts(most=100)
    counts = []
    for number in range(10_000):
        attempts.add(f"flood{number}", False, WINDOW, 0.0)
        if number % 10 == 0:
            counts.append(attempts.add("a", False, WINDOW, 0.0)[0])
        assert len(attempts) <= 200
    assert max(counts) >= 10


@given(st.lists(st.tuples(st.floats(0, 900), st.sampled_from("ab")), max_size=60))
def test_a_count_lies_between_that_of_half_a_window_and_that_of_the_window(
    steps: list[tuple[float, str]],
) -> None:
    attempts, now = Attempts(), 0.0
    made: list[tuple[float, str]] = []
    for pause, key in steps:
        now += pause
        made.append((now, key))
        counted, _ = attempts.add(key, False, WINDOW, now)
        ages = [now - at for at, each in made if each == key]
        assert sum(age < WINDOW / 2 for age in ages) <= counted <= sum(age <= WINDOW for age in ages)


def test_a_row_grows_until_it_is_broken() -> None:
    streaks = Streaks()
    assert [streaks.add("a"), streaks.add("a"), streaks.add("b")] == [1, 2, 1]
    streaks.forget("a")
    streaks.forget("a")
    assert [streaks.add("a"), streaks.add("b")] == [1, 2]


def test_a_row_outlives_a_flood_of_others_as_long_as_it_grows() -> None:
    streaks = Streaks(most=10)
    for number in range(1, 100):
        assert streaks.add("a") == number
        for other in range(8):
            streaks.add(f"{number}/{other}")
        assert len(streaks) <= 20


def test_a_row_that_no_longer_grows_is_forgotten_in_a_flood() -> None:
    streaks = Streaks(most=10)
    streaks.add("a")
    for other in range(30):
        streaks.add(str(other))
    assert streaks.add("a") == 1
