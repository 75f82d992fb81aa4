"""When a certificate is renewed, when a failed attempt is made again, and how late it is. This file does no I/O.

Times are epoch seconds, and a clock may jump: what was planned under another time never keeps an order from being tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

DAY = 86_400.0

FIRST_WAIT, LONGEST_WAIT = 60.0, 6 * 3600.0
"""Seconds until a failed attempt is made again: at first, and at most."""

SOONEST_LOOK, LATEST_LOOK = 5.0, 900.0
"""Seconds between two looks at an order that the server works on."""

PATIENCE = 7 * DAY
"""Seconds after which an order that has come to nothing is given up."""

THRESHOLDS = (30, 14, 7, 1)
"""Days left at which a renewal that is due and has not come off becomes more urgent."""

_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is tried from `since` until `until`; a clock that shows a time before it began ends it."""

    since: float
    until: float

    @classmethod
    def of(cls, now: float, seconds: float) -> Self:
        """From now on."""
        return cls(now, now + seconds)

    def holds(self, now: float) -> bool:
        """Whether it is not over yet."""
        return self.since <= now < self.until


def renewal_at(not_before: float, not_after: float, renew_before: float, jitter: float) -> float:
    """When a certificate is renewed: `renew_before` its end, but not in the first two thirds of its life, and up to a tenth
    of the rest later, so that nodes that began together do not go on together. jitter: from 0 to 1."""
    at = max(not_after - renew_before, not_before + (not_after - not_before) * 2 / 3)
    return at + (not_after - at) * _SPREAD * jitter


def wait_after(failures: int, retry_after: float | None, jitter: float) -> float:
    """Seconds until the next attempt after so many failures in a row; what the other side asked for is respected, within
    reason."""
    doubled = min(FIRST_WAIT * 2.0 ** min(failures - 1, 16), LONGEST_WAIT)
    return max(doubled * (1 - _SPREAD * jitter), min(retry_after or 0.0, LONGEST_WAIT))


def look_after(elapsed: float, retry_after: float | None) -> float:
    """Seconds until the next look at an order that was begun `elapsed` seconds ago: the older, the rarer."""
    if retry_after is not None:
        return min(max(retry_after, SOONEST_LOOK), LONGEST_WAIT)
    return min(max(elapsed / 4, SOONEST_LOOK), LATEST_LOOK)


def urgency(seconds_left: float) -> int:
    """How many of the thresholds are passed: 0 for none, 4 for all of them."""
    return sum(seconds_left <= days * DAY for days in THRESHOLDS)
