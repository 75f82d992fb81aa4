"""The day begins at local midnight, also where the clocks change, and does not begin twice."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from gateway.policy.days import Days


def epoch(text: str, zone: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        Days("Mars/Olympus")


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        pytest.param("UTC", "2026-07-03T00:00:00", date(2026, 7, 3), id="first second"),
        pytest.param("UTC", "2026-07-03T23:59:59.999", date(2026, 7, 3), id="last moment"),
        pytest.param("Asia/Shanghai", "2026-07-03T00:00:01", date(2026, 7, 3), id="ahead of UTC"),
        pytest.param("Europe/Berlin", "2026-03-29T23:59:59", date(2026, 3, 29), id="day of 23 hours"),
        pytest.param("Europe/Berlin", "2026-10-25T23:59:59", date(2026, 10, 25), id="day of 25 hours"),
        pytest.param("Africa/Cairo", "2026-04-24T01:00:00", date(2026, 4, 24), id="no midnight"),
    ],
)
def test_the_day_of_a_moment_is_that_of_the_local_calendar(zone: str, moment: str, day: date) -> None:
    now = epoch(moment, zone)
    assert Days(zone).day(now) == day
    asked_before = Days(zone)
    asked_before.day(now - 86_400)
    assert asked_before.day(now) == day


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Havana", "Africa/Cairo", "Asia/Kathmandu"])
def test_every_half_hour_of_a_year_has_its_day(zone: str) -> None:
    days, tz = Days(zone), ZoneInfo(zone)
    begin = int(epoch("2026-01-01T00:00:00", zone))
    for now in range(begin, begin + 366 * 86_400, 1800):
        assert days.day(now) == datetime.fromtimestamp(now, tz).date()


def test_a_clock_set_back_over_midnight_does_not_bring_yesterday_back() -> None:
    days, midnight = Days("UTC"), epoch("2026-07-04T00:00:00", "UTC")
    assert days.day(midnight) == date(2026, 7, 4)
    assert days.day(midnight - 5) == date(2026, 7, 4)


def test_a_clock_that_was_years_ahead_is_not_believed_for_years() -> None:
    days, now = Days("UTC"), epoch("2026-07-04T12:00:00", "UTC")
    days.day(now + 3 * 365 * 86_400)
    assert days.day(now) == date(2026, 7, 4)
