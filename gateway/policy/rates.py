"""Rates: what a minute to a number costs, from prefix rate tables, to bound what an account spends in a day.

Money is whole micro-units (a millionth of the operator's currency): sums are exact whatever their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from gateway.policy.columns import Column
from gateway.policy.prefixes import PrefixTable, checked_prefix

DEAREST = 10**15
"""Micro-units: more than any minute costs, and little enough that a day of it is a 64-bit integer."""

LONGEST_INCREMENT = 3600


@dataclass(frozen=True, slots=True)
class Rate:
    """In `table`, numbers that begin with `prefix` cost `per_minute` micro-units, by whole increments of seconds.

    ValueError for a prefix that is not digits, a negative price and an increment that is not 1 s to an hour.
    """

    table: str
    prefix: str
    per_minute: int
    increment: int = 60

    def __post_init__(self) -> None:
        checked_prefix(self.prefix)
        if not 0 <= self.per_minute <= DEAREST:
            raise ValueError(f"a minute costs 0 to {DEAREST} micro-units, not {self.per_minute}")
        if not 1 <= self.increment <= LONGEST_INCREMENT:
            raise ValueError(f"an increment is 1 to {LONGEST_INCREMENT} seconds, not {self.increment}")


def cost(rate: Rate, seconds: float) -> int:
    """Micro-units that a call of this length costs: every increment begun is paid, and part of a unit is one."""
    increments = max(0, ceil(seconds / rate.increment))
    return -(-increments * rate.increment * rate.per_minute // 60)  # floored below zero: rounded up


class RateTables:
    """Finds the rate of a number in one of the tables; no two rates of a table may have the same prefix."""

    __slots__ = ("_tables",)

    def __init__(self, rates: Iterable[Rate]) -> None:
        by_table: defaultdict[str, list[Rate]] = defaultdict(list)
        for rate in rates:
            by_table[rate.table].append(rate)
        self._tables = {name: _RateTable(name, held) for name, held in by_table.items()}

    def find(self, table: str, digits: str) -> Rate | None:
        """The rate with the longest prefix of the number; None if the table has none for it, or is not there."""
        rates = self._tables.get(table)
        return rates.find(digits) if rates is not None else None


class _RateTable:
    __slots__ = ("_found", "_increments", "_name", "_per_minute", "_prefixes")

    def __init__(self, name: str, rates: Iterable[Rate]) -> None:
        by_prefix = {rate.prefix: rate for rate in rates}
        self._name = name
        self._found: dict[int, Rate] = {}  # those asked for: the destinations of most calls are few
        self._prefixes = PrefixTable.of(by_prefix)
        ordered = [by_prefix[prefix] for prefix in self._prefixes]
        self._per_minute = Column.of(rate.per_minute for rate in ordered)
        self._increments = Column.of((rate.increment for rate in ordered), "I")

    def find(self, digits: str) -> Rate | None:
        place = self._prefixes.find(digits)
        if place < 0:
            return None
        rate = self._found.get(place)
        if rate is None:
            prefix = self._prefixes.prefix(place)
            rate = Rate(self._name, prefix, self._per_minute[place], self._increments[place])
            self._found[place] = rate
        return rate
