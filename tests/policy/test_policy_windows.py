"""A window is read off the clock on the wall, across midnight and when that clock is put forward or back."""

import pickle
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.policy.windows import EVERY_DAY, Window

MONDAY, TUESDAY, FRIDAY, SATURDAY, SUNDAY = 0, 1, 4, 5, 6
LONDON = "Europe/London"


def at(local: str, zone: str = "UTC", fold: int = 0) -> float:
    """The epoch seconds of a local time; `fold` 1 is the second of two that read alike."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


@pytest.mark.parametrize(
    "text", ["", "8:00", "24:00", "12:60", "12", "12:00:00", " 12:00", "12:00\n", "-1:00", "noon", "١٢:٠٠"]
)
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        Window(begin=text)
    with pytest.raises(ValueError, match="is not a time"):
        Window(end=text)


@pytest.mark.parametrize(
    "zone",
    ["", "Mars/Olympus", "Europe", "../../etc/passwd", "/etc/passwd", "UTC\0", "\ud800", "x" * 5000],
    ids=["empty", "unknown", "folder", "path", "absolute-path", "nul", "surrogate", "endless"],
)
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        Window(zone=zone)


@pytest.mark.parametrize(
    "days", [frozenset(), frozenset({7}), frozenset({-1, 0})], ids=["none", "eighth", "negative"]
)
def test_a_window_without_a_day_of_the_week_is_refused(days: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        Window(days)


@pytest.mark.parametrize(
    ("local", "inside"),
    [
        ("2026-03-02T08:59:59", False),
        ("2026-03-02T09:00:00", True),
        ("2026-03-02T16:59:59", True),
        ("2026-03-02T17:00:00", False),
        ("2026-03-03T12:00:00", False),
    ],
    ids=["before", "first-second", "last-second", "end", "another-day"],
)
def test_a_window_begins_with_its_begin_and_ends_before_its_end(local: str, inside: bool) -> None:
    assert Window(frozenset({MONDAY}), "09:00", "17:00").holds(at(local)) is inside


@pytest.mark.parametrize(
    ("local", "inside"),
    [
        ("2026-03-06T05:00:00", False),
        ("2026-03-06T21:59:59", False),
        ("2026-03-06T22:00:00", True),
        ("2026-03-07T00:00:00", True),
        ("2026-03-07T05:59:59", True),
        ("2026-03-07T06:00:00", False),
        ("2026-03-07T23:00:00", False),
    ],
    ids=["thursday-s-night", "before", "begin", "midnight", "saturday-morning", "end", "saturday-s-night"],
)
def test_across_midnight_belongs_to_the_day_it_begins(local: str, inside: bool) -> None:
    assert Window(frozenset({FRIDAY}), "22:00", "06:00").holds(at(local)) is inside


def test_sunday_s_night_reaches_into_monday() -> None:
    assert Window(frozenset({SUNDAY}), "22:00", "06:00").holds(at("2026-03-09T05:00:00"))


def test_until_midnight_is_written_as_its_zero_hour() -> None:
    evening = Window(frozenset({MONDAY}), "18:00", "00:00")
    assert evening.holds(at("2026-03-02T23:59:59"))
    assert not evening.holds(at("2026-03-03T00:00:00"))


@pytest.mark.parametrize("clock", ["00:00", "06:00"])
@pytest.mark.parametrize(
    ("local", "inside"),
    [("2026-03-01T23:59:59", False), ("2026-03-02T00:00:00", True), ("2026-03-02T23:59:59", True)],
    ids=["sunday", "first-second", "last-second"],
)
def test_begin_equal_to_end_is_the_whole_day(clock: str, local: str, inside: bool) -> None:
    assert Window(frozenset({MONDAY}), clock, clock).holds(at(local)) is inside


def test_nothing_said_is_always() -> None:
    assert Window().days == EVERY_DAY
    assert all(Window().holds(at(f"2026-03-0{day}T12:00:00")) for day in range(1, 8))


@pytest.mark.parametrize(
    ("zone", "inside"), [("Asia/Kolkata", True), ("America/New_York", False), ("UTC", False)]
)
def test_the_clock_is_that_of_the_window_s_zone(zone: str, inside: bool) -> None:
    half_past_three_utc = at("2026-03-02T03:30:00")  # 09:00 in Kolkata, the evening before in New York
    assert Window(frozenset({MONDAY}), "09:00", "17:00", zone).holds(half_past_three_utc) is inside


def test_the_day_is_that_of_the_window_s_zone() -> None:
    sunday_evening = at("2026-03-02T03:30:00")
    assert Window(frozenset({SUNDAY}), "22:00", "23:00", "America/New_York").holds(sunday_evening)


# In 2026 London leaps from 01:00 to 02:00 on 29 March and back from 02:00 to 01:00 on 25 October, both Sundays.


def test_a_window_inside_the_leap_forward_does_not_come() -> None:
    leapt = Window(frozenset({SUNDAY}), "01:15", "01:45", LONDON)
    seconds_of_the_night = range(int(at("2026-03-29T00:00:00")), int(at("2026-03-29T04:00:00")), 300)
    assert not any(leapt.holds(now) for now in seconds_of_the_night)


def test_a_window_around_the_leap_forward_is_an_hour_shorter() -> None:
    night = Window(frozenset({SATURDAY}), "23:00", "03:00", LONDON)
    begin = at("2026-03-28T23:00:00", LONDON)
    assert [night.holds(begin + hours * 3600) for hours in (-0.01, 0, 2.99, 3)] == [False, True, True, False]


def test_a_window_inside_the_hour_that_comes_twice_comes_twice() -> None:
    twice = Window(frozenset({SUNDAY}), "01:15", "01:45", LONDON)
    for fold in (0, 1):
        assert twice.holds(at("2026-10-25T01:15:00", LONDON, fold))
        assert not twice.holds(at("2026-10-25T01:45:00", LONDON, fold))


def test_a_window_around_the_hour_that_comes_twice_is_an_hour_longer() -> None:
    night = Window(frozenset({SATURDAY}), "23:00", "03:00", LONDON)
    begin = at("2026-10-24T23:00:00", LONDON)
    assert [night.holds(begin + hours * 3600) for hours in (-0.01, 0, 4.99, 5)] == [False, True, True, False]


def test_a_window_survives_pickling() -> None:
    window = Window(frozenset({TUESDAY}), "22:00", "06:00", LONDON)
    again = pickle.loads(pickle.dumps(window))
    assert again == window
    assert again.holds(at("2026-03-03T23:00:00"))
