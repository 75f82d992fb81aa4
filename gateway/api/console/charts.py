"""Charts as geometry: where lines and bars go, for a template to draw as SVG. Every chart carries its figures as a table too,
for who cannot see it. This file does no I/O."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 120
"""Units of a line chart's inside."""

GAP = 15.0
"""Seconds without a sample after which a line is not drawn on."""

MOST_BARS = 8


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A figure over time. line, area: SVG paths, empty without two samples in a row.
    rows: (minutes ago, value), newest first."""

    title: str
    line: str
    area: str
    top: float
    now: float | None
    most: float | None
    y: tuple[Tick, ...]
    x: tuple[Tick, ...]
    rows: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One of several shares. width: per cent of the longest; share: per cent of all; tone: how it is coloured."""

    name: str
    count: int
    width: float
    share: float
    start: float
    tone: str


def line(title: str, points: Sequence[tuple[float, float]], now: float, span: float) -> Line:
    """The line of (epoch seconds, value) over the last `span` seconds."""
    seen = [(at, value) for at, value in points if now - span <= at <= now]
    most = max((value for _, value in seen), default=None)
    top = _round_up(most or 0)
    runs = _runs(seen)
    placed = [[(_x(at, now, span), _y(value, top)) for at, value in run] for run in runs if len(run) > 1]
    return Line(
        title=title,
        line=" ".join(_path(run) for run in placed),
        area=" ".join(
            f"{_path(run)} L{run[-1][0]:.1f} {HEIGHT} L{run[0][0]:.1f} {HEIGHT} Z" for run in placed
        ),
        top=top,
        now=seen[-1][1] if seen and now - seen[-1][0] < GAP else None,
        most=most,
        y=tuple(Tick(_y(top * part, top), _figure(top * part)) for part in (0, 0.5, 1)),
        x=tuple(Tick(_x(now - ago, now, span), _ago(ago)) for ago in (span, span * 2 / 3, span / 3, 0)),
        rows=_by_the_minute(seen, now),
    )


def bars(counts: Iterable[tuple[str, int, str]]) -> tuple[Bar, ...]:
    """A bar for each (name, count, tone), the longest first; the smallest are put together as `other`."""
    ordered = sorted((each for each in counts if each[1]), key=lambda each: (-each[1], each[0]))
    if len(ordered) > MOST_BARS:
        rest = sum(count for _, count, _ in ordered[MOST_BARS - 1 :])
        ordered = [*ordered[: MOST_BARS - 1], ("other", rest, "muted")]
    return stack(ordered)


def stack(counts: Iterable[tuple[str, int, str]]) -> tuple[Bar, ...]:
    """A part for each (name, count, tone) in this order, those of nothing left out."""
    found, start = [], 0.0
    present = [each for each in counts if each[1]]
    whole = sum(count for _, count, _ in present)
    longest = max((count for _, count, _ in present), default=0)
    for name, count, tone in present:
        share = 100 * count / whole
        found.append(Bar(name, count, 100 * count / longest, share, start, tone))
        start += share
    return tuple(found)


def _runs(seen: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The samples, cut where some are missing."""
    runs: list[list[tuple[float, float]]] = []
    for at, value in seen:
        if not runs or at - runs[-1][-1][0] > GAP:
            runs.append([])
        runs[-1].append((at, value))
    return runs


def _by_the_minute(seen: Sequence[tuple[float, float]], now: float) -> tuple[tuple[int, float], ...]:
    """The last sample of each minute."""
    last = {int((now - at) // 60): value for at, value in seen}
    return tuple(sorted(last.items()))


def _path(run: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in run)


def _x(at: float, now: float, span: float) -> float:
    return WIDTH * (1 - (now - at) / span)


def _y(value: float, top: float) -> float:
    return HEIGHT * (1 - value / top)


def _round_up(value: float) -> float:
    """The next of 4, 10, 20, 40, 100, ...: a scale that does not jump with every call."""
    if value <= 4:
        return 4.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 2, 4, 10) if step * size >= value)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _ago(seconds: float) -> str:
    return "now" if not seconds else f"{seconds / 60:g} min ago"
