"""Which numbers a TNAuthList stands for, as arithmetic: ranges are intervals among numbers of equal length.

A service provider's code stands for every number here: which numbers a provider has is known to others, and the code
was given to it by the authority (RFC 8226 §9, ATIS-1000080). Entries add up (RFC 9060 §4).
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.stir.tnauthlist import Entry, One, Range, Spc

_Interval = tuple[int, int, int]
"""Digits in a number, first number, last number."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A TNAuthList made ready to be asked.

    codes: of its service providers. intervals: sorted, apart from each other. others: numbers with "#" or "*", which are
    no figures: a range of them is its first one alone.
    """

    codes: frozenset[str]
    intervals: tuple[_Interval, ...]
    others: frozenset[str]

    def covers(self, number: str) -> bool:
        """Whether the list speaks for the number, given in the form that is signed."""
        if self.codes:
            return True
        if not _is_figure(number):
            return number in self.others
        return self._holds((len(number), int(number), int(number)))

    def includes(self, child: "Scope") -> bool:
        """Whether it may delegate `child`: nobody passes on more than they have (RFC 9060 §4).

        Which numbers a provider has cannot be looked up, so a list with a code may delegate any (§4.1), but no code
        other than its own.
        """
        if not child.codes <= self.codes:
            return False
        return bool(self.codes) or (
            child.others <= self.others and all(self._holds(each) for each in child.intervals)
        )

    def _holds(self, interval: _Interval) -> bool:
        digits, first, last = interval
        place = bisect_right(self.intervals, (digits, first, 10**15)) - 1
        return place >= 0 and self.intervals[place][0] == digits and last <= self.intervals[place][2]


def scope_of(entries: Iterable[Entry]) -> Scope:
    """The scope of a TNAuthList."""
    codes, others = set(), set()
    intervals: list[_Interval] = []
    for entry in entries:
        match entry:
            case Spc(code):
                codes.add(code)
            case One(number) | Range(number, _) if not _is_figure(number):
                others.add(number)
            case One(number):
                intervals.append(_interval(number, 1))
            case Range(start, count):
                intervals.append(_interval(start, count))
    return Scope(frozenset(codes), _merged(intervals), frozenset(others))


def _is_figure(number: str) -> bool:
    return number.isascii() and number.isdecimal()


def _interval(start: str, count: int) -> _Interval:
    """A range ends where its numbers would get longer."""
    digits, first = len(start), int(start)
    return digits, first, min(first + count, 10**digits) - 1


def _merged(intervals: list[_Interval]) -> tuple[_Interval, ...]:
    merged: list[_Interval] = []
    for digits, first, last in sorted(intervals):
        if merged and merged[-1][0] == digits and first <= merged[-1][2] + 1:
            merged[-1] = (digits, merged[-1][1], max(last, merged[-1][2]))
        else:
            merged.append((digits, first, last))
    return tuple(merged)
