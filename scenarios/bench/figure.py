"""What a row hands back: a number, its unit, and what was asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isinf
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Bound:
    """What is asked of a figure: the limit it must keep, the goal beyond it, and what others reach on such a machine."""

    sense: Literal["≤", "≥"]
    limit: float
    goal: float | None = None
    others: str = ""

    def kept_by(self, value: float) -> bool:
        return _keeps(value, self.sense, self.limit)

    def reached_by(self, value: float) -> bool:
        return self.goal is not None and _keeps(value, self.sense, self.goal)

    def __str__(self) -> str:
        goal = "" if self.goal is None else f" (goal {self.goal:,g})"
        return f"{self.sense} {self.limit:,g}{goal}{f'; {self.others}' if self.others else ''}"


def most(limit: float, goal: float | None = None, others: str = "") -> Bound:
    """A bound from above."""
    return Bound("≤", limit, goal, others)


def least(limit: float, goal: float | None = None, others: str = "") -> Bound:
    """A bound from below."""
    return Bound("≥", limit, goal, others)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `note` says what a reader needs to trust the number."""

    what: str
    value: float
    unit: str = ""
    bound: Bound | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """``goal``, ``met`` or ``NOT MET``; nothing where nothing was asked."""
        if self.bound is None:
            return ""
        if not self.bound.kept_by(self.value):
            return "NOT MET"
        return "goal" if self.bound.reached_by(self.value) else "met"

    @property
    def text(self) -> str:
        if isinf(self.value):
            return "never"
        digits = 0 if self.value == int(self.value) or abs(self.value) >= 1000 else 2
        return f"{self.value:,.{digits}f} {self.unit}".rstrip()

    @property
    def plain(self) -> dict[str, Any]:
        """For JSON, which knows no infinity: what never came is null."""
        return {**asdict(self), "value": None if isinf(self.value) else self.value, "verdict": self.verdict}


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of text, columns aligned."""
    rows = [("what", "figure", "asked", "", "")]
    rows += [(f.what, f.text, str(f.bound or ""), f.verdict, f.note) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join([*map(str.ljust, row[:4], widths), row[4]]).rstrip() for row in rows]
    return "\n".join([lines[0], "─" * sum(widths, 6), *lines[1:]])


def _keeps(value: float, sense: str, bound: float) -> bool:
    return value <= bound if sense == "≤" else value >= bound
