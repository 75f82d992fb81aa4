"""What the edge counted in the last hour, for people who look: a bounded ring of samples, kept in the sidecar's memory.

The edge's counters only rise, and begin at zero again with a new edge. What is kept here are the differences, so that an edge
that dies draws no cliff. A long trend is Prometheus' business.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.metrics import CounterRow, EdgeStatus

EVERY = 5.0
"""Seconds between two samples."""

MOST_POINTS = 180
"""A quarter of an hour."""

MOST_MINUTES = 60

_MOST_NAMES = 200
"""Different labels counted in one minute; what comes beyond is counted as `other`."""

OTHER = "other"

Label = tuple[str, ...]
"""The short name of a counter and its label values, without the peer's name."""


@dataclass(frozen=True, slots=True)
class Point:
    """One sample: when (epoch seconds), calls held then, and calls decided a second since the one before, if there is one."""

    at: float
    calls: int
    rate: float | None


class History:
    """The last quarter of an hour as points, and the last hour's counts by the minute."""

    def __init__(self) -> None:
        self._points: deque[Point] = deque(maxlen=MOST_POINTS)
        self._minutes: deque[tuple[int, Counter[Label]]] = deque(maxlen=MOST_MINUTES)
        self._last: tuple[float, Mapping[Label, int]] | None = None

    async def follow(self, edge: Callable[[], EdgeStatus | None]) -> None:
        """Take a sample again and again, until cancelled."""
        while True:
            self.take(await asyncio.to_thread(edge))
            await asyncio.sleep(EVERY)

    def take(self, status: EdgeStatus | None) -> None:
        """Add what the edge says now; None where it says nothing, which leaves a gap."""
        if status is None:
            self._last = None
            return
        totals = _totals(status.counters)
        if self._last is None:
            self._last = status.at, totals
            self._points.append(Point(status.at, status.calls, None))
            return
        before, earlier = self._last
        if status.at <= before:
            return  # the edge has written nothing new
        self._last = status.at, totals
        news = _news(earlier, totals)
        decided = sum(count for label, count in news.items() if label[0] == "decisions")
        self._points.append(Point(status.at, status.calls, decided / (status.at - before)))
        self._count(int(status.at // 60), news)

    def points(self) -> tuple[Point, ...]:
        """The samples, the oldest first."""
        return tuple(self._points)

    def counted(self, family: str, now: float) -> Counter[tuple[str, ...]]:
        """How often each combination of labels was counted in the last hour; `family` as in `gateway.metrics`."""
        first = int(now // 60) - MOST_MINUTES
        found: Counter[tuple[str, ...]] = Counter()
        for minute, counts in self._minutes:
            if minute > first:
                found.update({label[1:]: count for label, count in counts.items() if label[0] == family})
        return found

    def _count(self, minute: int, news: Mapping[Label, int]) -> None:
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, Counter()))
        counts = self._minutes[-1][1]
        for label, count in news.items():
            known = label in counts or len(counts) < _MOST_NAMES
            counts[label if known else (label[0], *[OTHER] * (len(label) - 1))] += count


def _totals(rows: tuple[CounterRow, ...]) -> Mapping[Label, int]:
    totals: Counter[Label] = Counter()
    for name, labels, value in rows:
        totals[name, *(text for key, text in labels.items() if key not in ("peer", "carrier"))] += value
    return totals


def _news(before: Mapping[Label, int], totals: Mapping[Label, int]) -> Mapping[Label, int]:
    """What was counted since; a total that has fallen is that of a new edge, counted from zero."""
    found = {}
    for label, total in totals.items():
        known = before.get(label, 0)
        gained = total - known if total >= known else total
        if gained:
            found[label] = gained
    return found
