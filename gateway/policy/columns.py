"""Columns: long tables of numbers and texts that live in one buffer each instead of in millions of objects.

A column never changes. Pickled with protocol 5 its buffer goes out of band, and it is unpickled from whatever buffer
it is handed without copying: a million numbers in a file mapped into memory are pages that all processes share. The
buffer is in the byte order of the machine, so it is a form for the processes of one node, not for exchange.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pickle import PickleBuffer
from typing import Literal, SupportsIndex

Code = Literal["Q", "I"]
"""Width of the numbers in a column, as the struct module writes it: 64 or 32 bits, unsigned."""

LONGEST = 18
"""Digits of the longest number that policy compares: its key still is a signed 64-bit integer, as SQL has them."""


def number_key(digits: str) -> int:
    """The number as an integer that keeps its leading zeros; keys sort by length, then by value.

    ValueError unless `digits` are 1 to 18 decimal digits.
    """
    key = key_or_none(digits)
    if key is None:
        raise ValueError(f"{digits[:40]!r} is not 1 to {LONGEST} digits")
    return key


def key_or_none(number: str | None) -> int | None:
    """The key of a number, or None for one that has none: withheld, a service code (*67), too long."""
    if number and number.isdecimal() and number.isascii() and len(number) <= LONGEST:
        return int("1" + number)
    return None


def key_digits(key: int) -> str:
    """The digits that `number_key` made this key of."""
    return str(key)[1:]


def check_range(begin: str, end: str) -> None:
    """ValueError unless `begin` to `end` are a range: 1 to 18 digits each, equally many, and in order."""
    first, last = number_key(begin), number_key(end)
    if len(begin) != len(end):
        raise ValueError(f"{begin} and {end} differ in length")
    if first > last:
        raise ValueError(f"begin {begin} comes after end {end}")


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A frozen sequence of unsigned integers; `view` is its flat memory, for `bisect` and for speed."""

    view: memoryview

    @classmethod
    def of(cls, values: Iterable[int], code: Code = "Q") -> Column:
        """A column of these values; OverflowError for one that does not fit the width."""
        return cls(memoryview(array(code, values)).toreadonly())

    def __len__(self) -> int:
        return len(self.view)

    def __getitem__(self, place: int) -> int:
        return self.view[place]

    def __iter__(self) -> Iterator[int]:
        return iter(self.view)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[object, ...]:
        return _column_over, (_picklable(self.view, protocol), self.view.format)


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A frozen sequence of strings: text `i`, counted from the front alone, is the UTF-8 from offset `i` to `i + 1`."""

    offsets: Column
    utf8: memoryview

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """A column of these texts; ValueError for one that UTF-8 cannot write (half a surrogate pair)."""
        encoded = [text.encode() for text in texts]
        offsets = accumulate(map(len, encoded), initial=0)
        return cls(Column.of(offsets, "I"), memoryview(b"".join(encoded)))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, place: int) -> str:
        offsets = self.offsets.view
        return str(self.utf8[offsets[place] : offsets[place + 1]], "utf-8")

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[object, ...]:
        return _texts_over, (self.offsets, _picklable(self.utf8, protocol))


@dataclass(frozen=True, slots=True, eq=False)
class Repeated:
    """A column of texts that repeat: each distinct text is kept once, `texts` in order, and numbered from there."""

    texts: Texts
    places: Column

    @classmethod
    def of(cls, texts: Sequence[str]) -> Repeated:
        """A column of these texts; ValueError as `Texts.of`."""
        distinct = sorted(set(texts))
        number = {text: place for place, text in enumerate(distinct)}
        return cls(Texts.of(distinct), Column.of(map(number.__getitem__, texts), "I"))

    def __getitem__(self, place: int) -> str:
        return self.texts[self.places.view[place]]

    def places_of(self, text: str) -> Iterator[int]:
        """Where the text stands, in order."""
        number = bisect_left(self.texts, text)
        if number < len(self.texts) and self.texts[number] == text:
            yield from (place for place, held in enumerate(self.places) if held == number)


def _column_over(data: bytes | memoryview, code: Code) -> Column:
    return Column(memoryview(data).cast("B").cast(code).toreadonly())


def _texts_over(offsets: Column, data: bytes | memoryview) -> Texts:
    return Texts(offsets, memoryview(data).cast("B").toreadonly())


def _picklable(view: memoryview, protocol: SupportsIndex) -> PickleBuffer | bytes:
    """The memory in the form in which the protocol can take it: out of band from 5 on (PEP 574)."""
    flat = view.cast("B")
    return PickleBuffer(flat) if protocol.__index__() >= 5 else bytes(flat)
