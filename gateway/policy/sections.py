"""Number sections: which account owns which numbers, as VOS3000's Number Section Query shows it.

Sections are ranges of canonical numbers of equal length; no number has two owners, so a lookup is one
bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumberSection:
    """The numbers `begin` to `end`, both included, canonical (RFC 8224 §8.3), owned by one account."""

    begin: str
    end: str
    account: str
    name: str

    def __post_init__(self) -> None:
        if len(self.begin) != len(self.end):
            raise ValueError(f"{self.begin} and {self.end} differ in length")
        if self.begin > self.end:
            raise ValueError(f"begin {self.begin} comes after end {self.end}")

    @property
    def start(self) -> tuple[int, str]:
        """Where the section stands among all sections: shorter numbers first, then by digits."""
        return len(self.begin), self.begin


class SectionTable:
    """Finds the section a number lies in; the sections must not overlap (see `overlaps`)."""

    def __init__(self, sections: Iterable[NumberSection]) -> None:
        self._sections = sorted(sections, key=lambda section: section.start)
        self._starts = [section.start for section in self._sections]

    def find(self, digits: str) -> NumberSection | None:
        """The section that holds this canonical number, or None if nobody owns it."""
        place = bisect_right(self._starts, (len(digits), digits)) - 1
        if place < 0:
            return None
        section = self._sections[place]
        return section if len(section.end) == len(digits) and digits <= section.end else None


def overlaps(sections: Iterable[NumberSection]) -> list[tuple[NumberSection, NumberSection]]:
    """Every section, paired with the earlier one that it runs into."""
    found = []
    furthest: NumberSection | None = None
    for section in sorted(sections, key=lambda section: section.start):
        if furthest and len(furthest.end) == len(section.begin) and section.begin <= furthest.end:
            found.append((furthest, section))
        if furthest is None or (len(section.end), section.end) > (len(furthest.end), furthest.end):
            furthest = section
    return found
