"""Windows of time: days of the week and hours of the day, by the clock on the wall in a place.

A window across midnight (22:00 to 06:00) belongs to the day on which it begins. When the clock is put forward, the
hours it leaps over are in no window; when it is put back, those it shows twice are in their window twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))
"""Monday is 0, as in datetime.weekday."""

_is_time = re.compile("([01][0-9]|2[0-3]):([0-5][0-9])").fullmatch


@dataclass(frozen=True, slots=True)
class Window:
    """From `begin` up to, without, `end` ("HH:MM") on `days` in an IANA `zone`; begin == end is the whole day.

    ValueError for no day or one that is none, for a time that is none and for a zone nobody knows.
    """

    days: frozenset[int] = EVERY_DAY
    begin: str = "00:00"
    end: str = "00:00"
    zone: str = "UTC"
    _begin: int = field(init=False, repr=False, compare=False)
    _end: int = field(init=False, repr=False, compare=False)
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.days or not self.days <= EVERY_DAY:
            raise ValueError("a window needs at least one day, and days are 0 (Monday) to 6 (Sunday)")
        object.__setattr__(self, "_begin", _minute(self.begin))
        object.__setattr__(self, "_end", _minute(self.end))
        object.__setattr__(self, "_zone", _zone(self.zone))

    def holds(self, now: float) -> bool:
        """Whether `now` (epoch seconds) is inside."""
        local = datetime.fromtimestamp(now, self._zone)
        minute, today = local.hour * 60 + local.minute, local.weekday()
        if self._begin == self._end:
            return today in self.days
        if self._begin < self._end:
            return today in self.days and self._begin <= minute < self._end
        yesterday = (today - 1) % 7
        return (minute >= self._begin and today in self.days) or (
            minute < self._end and yesterday in self.days
        )


def _minute(text: str) -> int:
    """The minute of the day that HH:MM is."""
    found = _is_time(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a time from 00:00 to 23:59")
    return int(found[1]) * 60 + int(found[2])


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # unknown, a folder of zones, a path
        raise ValueError(f"{name[:40]!r} is not a time zone; write one like Europe/London or UTC") from error
