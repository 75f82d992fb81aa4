"""Letters of authorisation: numbers that an account may call with although another, or nobody here, owns them.

Several accounts may hold a letter for the same numbers, and one account several, each with its dates.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import TypeAlias

from gateway.policy.columns import Column, Texts, check_range, key_digits, key_or_none, number_key

_Period: TypeAlias = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Authorisation:
    """`account` may use the numbers `begin` to `end`, both included, canonical digits.

    It is in force from `valid_from` up to, without, `valid_until` (epoch seconds; None: without such a bound).
    ValueError unless both numbers are 1 to 18 digits, equally many and in order, and the dates in order.
    """

    name: str
    account: str
    begin: str
    end: str
    valid_from: float | None = None
    valid_until: float | None = None

    def __post_init__(self) -> None:
        check_range(self.begin, self.end)
        if (
            self.valid_from is not None
            and self.valid_until is not None
            and self.valid_from >= self.valid_until
        ):
            raise ValueError("valid_from is not before valid_until")

    @property
    def period(self) -> _Period:
        """When it is in force."""
        return self.valid_from, self.valid_until


class AuthorisationTable:
    """Finds the letter by which an account may use a number; letters may overlap as they like.

    Sorted by account and first number; `_furthest` is the furthest number that a letter of the account reaches up to
    there, so that a search backwards knows when to stop. Dates repeat, so the distinct ones are kept.
    """

    __slots__ = ("_firsts", "_furthest", "_lasts", "_names", "_of_account", "_period_of", "_periods")

    def __init__(self, authorisations: Iterable[Authorisation]) -> None:
        ordered = sorted(authorisations, key=lambda letter: (letter.account, number_key(letter.begin)))
        self._names = Texts.of(letter.name for letter in ordered)
        self._firsts = Column.of(number_key(letter.begin) for letter in ordered)
        self._lasts = Column.of(number_key(letter.end) for letter in ordered)
        self._of_account = _runs(letter.account for letter in ordered)
        self._furthest = Column.of(
            furthest
            for run in self._of_account.values()
            for furthest in accumulate(self._lasts.view[run.start : run.stop], max)
        )
        self._periods = tuple(dict.fromkeys(letter.period for letter in ordered))
        numbered = {period: number for number, period in enumerate(self._periods)}
        self._period_of = Column.of((numbered[letter.period] for letter in ordered), "I")

    def find(self, account: str, digits: str, now: float) -> Authorisation | None:
        """A letter of the account for this number in force at `now` (epoch seconds), or None.

        Of several it is the one whose numbers begin last.
        """
        key = key_or_none(digits)
        place = None if key is None else self._find(account, key, now)
        return None if place is None else self._letter(account, place)

    def lent(self, account: str, key: int, now: float) -> str | None:
        """The name of the letter that `find` finds for the number with this key: what a call asks."""
        place = self._find(account, key, now)
        return None if place is None else self._names[place]

    def _find(self, account: str, key: int, now: float) -> int | None:
        run = self._of_account.get(account)
        if run is None:
            return None
        return next((place for place in self._holding(run, key) if self._in_force(place, now)), None)

    def _holding(self, run: range, key: int) -> Iterator[int]:
        place = bisect_right(self._firsts.view, key, run.start, run.stop) - 1
        while place >= run.start and self._furthest[place] >= key:
            if self._lasts[place] >= key:
                yield place
            place -= 1

    def _in_force(self, place: int, now: float) -> bool:
        begin, end = self._periods[self._period_of[place]]
        return (begin is None or begin <= now) and (end is None or now < end)

    def _letter(self, account: str, place: int) -> Authorisation:
        begin, end = key_digits(self._firsts[place]), key_digits(self._lasts[place])
        return Authorisation(self._names[place], account, begin, end, *self._periods[self._period_of[place]])


def _runs(accounts: Iterable[str]) -> dict[str, range]:
    """Where the letters of each account stand, given the account of every letter in order."""
    runs, start = {}, 0
    for account, letters in groupby(accounts):
        stop = start + sum(1 for _ in letters)
        runs[account] = range(start, stop)
        start = stop
    return runs
