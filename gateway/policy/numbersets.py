"""Sets of numbers compared in full: a list of a million numbers is one sorted column of eight bytes each.

Members are asked for by their key (`columns.number_key`), made once for all the lists a call is looked up in.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, compress, islice
from operator import lt, ne

from gateway.policy.columns import Column, key_digits, number_key


@dataclass(frozen=True, slots=True, eq=False)
class NumberSet:
    """A frozen set of numbers; `keys` are theirs, ascending. Made by `of` or `of_keys`."""

    keys: Column = field(default_factory=lambda: Column.of(()))

    @classmethod
    def of(cls, digits: Iterable[str]) -> NumberSet:
        """The set of these numbers, in any order; ValueError for one that is not 1 to 18 digits."""
        keys = sorted(map(number_key, digits))
        first_of_its_kind = map(ne, keys, chain((0,), keys))  # a third faster than a set of a million
        return cls(Column.of(compress(keys, first_of_its_kind)))

    @classmethod
    def of_keys(cls, keys: Column) -> NumberSet:
        """The set of the numbers with these keys; ValueError unless they ascend, each once."""
        if not all(map(lt, keys, islice(keys, 1, None))):
            raise ValueError("the keys of a set of numbers must ascend, each once")
        return cls(keys)

    @classmethod
    def union(cls, sets: Iterable[NumberSet]) -> NumberSet:
        """The numbers that are in any of these sets."""
        keys = sorted(chain.from_iterable(each.keys for each in sets))
        return cls(Column.of(compress(keys, map(ne, keys, chain((0,), keys)))))

    def holds(self, key: int) -> bool:
        """Whether the number with this key is in the set."""
        keys = self.keys.view
        place = bisect_left(keys, key)
        return place < len(keys) and keys[place] == key

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[str]:
        """The numbers as digits, shorter ones first."""
        return map(key_digits, self.keys)
