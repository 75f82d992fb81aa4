"""Number sections: which account owns which numbers, as VOS3000's Number Section Query shows it.

Sections are ranges of canonical numbers of equal length; no number has two owners, so a lookup is one
bisection. The table is columns: a section becomes an object when it is asked for.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.policy.columns import (
    Column,
    Repeated,
    Texts,
    check_range,
    key_digits,
    key_or_none,
    number_key,
)


@dataclass(frozen=True, slots=True)
class NumberSection:
    """The numbers `begin` to `end`, both included, canonical (RFC 8224 §8.3), owned by one account.

    ValueError unless both are 1 to 18 digits, equally many, and in order.
    """

    begin: str
    end: str
    account: str
    name: str

    def __post_init__(self) -> None:
        check_range(self.begin, self.end)

    @property
    def first(self) -> int:
        """The key of its first number: where the section stands among all sections."""
        return number_key(self.begin)

    @property
    def last(self) -> int:
        """The key of its last number."""
        return number_key(self.end)


class SectionTable:
    """Finds the section a number lies in; the sections must not overlap (see `overlaps`)."""

    __slots__ = ("_accounts", "_firsts", "_lasts", "_names")

    def __init__(self, sections: Iterable[NumberSection]) -> None:
        ordered = sorted(sections, key=lambda section: section.first)
        self._firsts = Column.of(section.first for section in ordered)
        self._lasts = Column.of(section.last for section in ordered)
        self._accounts = Repeated.of([section.account for section in ordered])
        self._names = Texts.of(section.name for section in ordered)

    def find(self, digits: str) -> NumberSection | None:
        """The section that holds this canonical number, or None if nobody owns it."""
        key = key_or_none(digits)
        if key is None:
            return None
        place = bisect_right(self._firsts.view, key) - 1
        return self[place] if place >= 0 and key <= self._lasts[place] else None

    def owned(self, account: str, key: int) -> str | None:
        """The name of the section that holds the number with this key, if it is the account's: what a call asks."""
        place = bisect_right(self._firsts.view, key) - 1
        if place >= 0 and key <= self._lasts.view[place] and self._accounts[place] == account:
            return self._names[place]
        return None

    def of_account(self, account: str) -> Iterator[NumberSection]:
        """The sections the account owns, in order; it looks at every section."""
        return map(self.__getitem__, self._accounts.places_of(account))

    def within(self, begin: str, end: str) -> Iterator[NumberSection]:
        """The sections that share a number with the range `begin` to `end`, in order.

        ValueError unless that is a range: 1 to 18 digits each, equally many, and in order.
        """
        check_range(begin, end)
        lowest = bisect_left(self._lasts.view, number_key(begin))
        beyond = bisect_right(self._firsts.view, number_key(end))
        return map(self.__getitem__, range(lowest, beyond))

    def __len__(self) -> int:
        return len(self._firsts)

    def __getitem__(self, place: int) -> NumberSection:
        return NumberSection(
            begin=key_digits(self._firsts[place]),
            end=key_digits(self._lasts[place]),
            account=self._accounts[place],
            name=self._names[place],
        )

    def __iter__(self) -> Iterator[NumberSection]:
        return map(self.__getitem__, range(len(self)))


def overlaps(sections: Iterable[NumberSection]) -> list[tuple[NumberSection, NumberSection]]:
    """Every section, paired with the earlier one that it runs into."""
    found = []
    furthest: NumberSection | None = None
    reach = 0
    for section in sorted(sections, key=lambda section: section.first):
        last = section.last
        if furthest and section.first <= reach:
            found.append((furthest, section))
        if last > reach:
            furthest, reach = section, last
    return found
