"""Prefixes: the longest of many that a number begins with, found by one bisection.

A prefix covers an interval of all numbers padded to 18 digits, and intervals of prefixes lie inside each other or
apart. Flattened to the places where the innermost one changes, they are one ascending column: 50,000 prefixes are
looked up as fast as ten.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.policy.columns import LONGEST, Column, Texts


def checked_prefix(prefix: str) -> str:
    """The prefix itself; ValueError unless it is digits, 18 at most. "" is a prefix of every number."""
    if prefix and not (prefix.isdecimal() and prefix.isascii() and len(prefix) <= LONGEST):
        raise ValueError(f"prefix {prefix[:40]!r} is not made of digits, at most {LONGEST}")
    return prefix


@dataclass(frozen=True, slots=True, eq=False)
class PrefixTable:
    """The distinct prefixes of a table in their sorted order, by which `find` and `prefix` number them.

    `starts` are the padded numbers from which on `owners` is the innermost prefix, counted from 1, 0 being none;
    `parents` are the next shorter prefixes, counted alike, and `lengths` those of all, the one of none first.
    """

    texts: Texts
    starts: Column
    owners: Column
    parents: Column
    lengths: Column

    @classmethod
    def of(cls, prefixes: Iterable[str]) -> PrefixTable:
        """A table of these prefixes, repeated ones once; ValueError for one that is not digits."""
        ordered = sorted(set(map(checked_prefix, prefixes)))
        innermost, parents = _flattened(ordered)
        return cls(
            texts=Texts.of(ordered),
            starts=Column.of(innermost.keys()),
            owners=Column.of(innermost.values(), "I"),
            parents=Column.of((0, *parents), "I"),
            lengths=Column.of((0, *map(len, ordered)), "I"),
        )

    def find(self, digits: str) -> int:
        """The place of the longest prefix of the number in the sorted order, or -1.

        A number with other signs in it (*67) begins with what its leading digits begin with.
        """
        if not (digits.isdecimal() and digits.isascii()):
            digits = digits.removesuffix(digits.lstrip("0123456789"))
        padded = int(digits[:LONGEST].ljust(LONGEST, "0"))
        owner, lengths = self.owners.view[bisect_right(self.starts.view, padded) - 1], self.lengths.view
        while lengths[owner] > len(digits):
            owner = self.parents.view[owner]
        return owner - 1

    def prefix(self, place: int) -> str:
        """The prefix that `find` answered."""
        return self.texts[place]

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)


def _flattened(ordered: Sequence[str]) -> tuple[dict[int, int], list[int]]:
    """Where the innermost prefix changes, ascending, and the parent of each prefix; counted from 1, 0 is none.

    Sorted prefixes come as on a walk through their tree, each before those that go on from it; `inside` are those
    the walk is in, each after the padded number at which it ends.
    """
    innermost, parents = {0: 0}, []
    inside: list[tuple[int, int]] = [(10**LONGEST, 0)]
    for number, prefix in enumerate(ordered, 1):
        begin = int(prefix.ljust(LONGEST, "0"))
        _leave(inside, begin, innermost)
        parents.append(inside[-1][1])
        innermost[begin] = number
        inside.append((begin + 10 ** (LONGEST - len(prefix)), number))
    _leave(inside, 10**LONGEST - 1, innermost)
    return innermost, parents


def _leave(inside: list[tuple[int, int]], begin: int, innermost: dict[int, int]) -> None:
    """Leave the prefixes that end at or before `begin`: from their end on the one around them is innermost."""
    while inside[-1][0] <= begin:
        end, _ = inside.pop()
        innermost[end] = inside[-1][1]
