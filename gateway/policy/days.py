"""Which day it is where the policy lives: the day of what may be spent in one day.

A day lasts from one local midnight to the next, 23 or 25 hours where the clocks change. It is worked out once a day.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_A_DAY = 86_400.0


class Days:
    """The calendar of one time zone; raises what ZoneInfo raises for a name that is none."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._tz = ZoneInfo(zone)
        self._day = date.min
        self._begin = self._end = float("-inf")

    def day(self, now: float) -> date:
        """The day of a moment in epoch seconds.

        A clock set back over midnight does not bring yesterday back: what was spent since would be forgotten twice.
        """
        if not self._begin - _A_DAY <= now < self._end:
            self._turn(datetime.fromtimestamp(now, self._tz).date())
        return self._day

    def _turn(self, day: date) -> None:
        self._day = day
        self._begin = datetime.combine(day, time.min, self._tz).timestamp()
        self._end = datetime.combine(day + timedelta(days=1), time.min, self._tz).timestamp()
