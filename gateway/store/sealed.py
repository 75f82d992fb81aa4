"""A mapping whose values stay as they were written until somebody asks for them.

Thousands of accounts cost a process nothing when a policy is swapped: most of them place no call before the next one.
What many of them have in common is there once, however many are opened: little memory is taken, and little freed.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from itertools import accumulate
from typing import Any, Generic, TypeVar

from gateway.policy.columns import Column

Value = TypeVar("Value")


class Sealed(Mapping[str, Value], Generic[Value]):
    """The same keys and values as another mapping; pickles out of band."""

    def __init__(self, places: dict[str, int], offsets: Column, pickles: pickle.PickleBuffer) -> None:
        self._places, self._offsets, self._pickles = places, offsets, memoryview(pickles)
        self._opened: dict[int, Any] = {}

    @classmethod
    def of(cls, values: Mapping[str, Value], *common: type) -> Sealed[Value]:
        """Seal what a mapping holds; equal parts of one of the `common` kinds are kept once, so they can be hashed."""
        sealer = _Sealer(common)
        places = {key: sealer.add(value) for key, value in values.items()}
        offsets = Column.of(accumulate(map(len, sealer.pickles), initial=0))
        return cls(places, offsets, pickle.PickleBuffer(b"".join(sealer.pickles)))

    def __getitem__(self, key: str) -> Value:
        found: Value = self._open(self._places[key])
        return found

    def get(self, key: str, default: Any = None) -> Any:
        """As of any mapping, without the price of an exception where there is none of this key."""
        place = self._places.get(key)
        return default if place is None else self._open(place)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __reduce__(self) -> tuple[object, ...]:
        return Sealed, (self._places, self._offsets, pickle.PickleBuffer(self._pickles))

    def _open(self, place: int) -> Any:
        found = self._opened.get(place)
        if found is None:
            written = self._pickles[self._offsets[place] : self._offsets[place + 1]]
            found = self._opened[place] = _Unpickler(written, self._open).load()
        return found


class _Sealer:
    """Pickles values one by one; in place of a part that others may have as well stands where that is kept."""

    def __init__(self, common: tuple[type, ...]) -> None:
        self._common = common
        self._places: dict[object, int] = {}
        self.pickles: list[bytes] = []

    def add(self, value: object) -> int:
        """Where it is kept from now on."""
        written = BytesIO()
        _Pickler(written, value, self._place).dump(value)
        self.pickles.append(written.getvalue())
        return len(self.pickles) - 1

    def _place(self, part: object) -> int | None:
        if not isinstance(part, self._common):
            return None
        place = self._places.get(part)
        if place is None:
            place = self._places[part] = self.add(part)
        return place


class _Pickler(pickle.Pickler):
    def __init__(self, file: BytesIO, whole: object, place: Callable[[object], int | None]) -> None:
        super().__init__(file, protocol=5)
        self._whole, self._place = whole, place

    def persistent_id(self, part: object) -> int | None:
        return None if part is self._whole else self._place(part)


class _Unpickler(pickle.Unpickler):
    def __init__(self, written: memoryview, part: Callable[[int], object]) -> None:
        super().__init__(BytesIO(written))
        self._part = part

    def persistent_load(self, place: int) -> object:
        return self._part(place)
