"""A mapping whose values stay as they were written until somebody asks for them.

Thousands of accounts cost a process nothing when a policy is swapped: most of them place no call before the next one.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Generic, TypeVar

from gateway.policy.columns import Column

Value = TypeVar("Value")


class Sealed(Mapping[str, Value], Generic[Value]):
    """The same keys and values as another mapping; pickles out of band."""

    def __init__(self, places: dict[str, int], offsets: Column, pickles: pickle.PickleBuffer) -> None:
        self._places, self._offsets, self._pickles = places, offsets, memoryview(pickles)
        self._opened: dict[str, Value] = {}

    @classmethod
    def of(cls, values: Mapping[str, Value]) -> Sealed[Value]:
        """Seal what a mapping holds."""
        pickles = [pickle.dumps(value, protocol=5) for value in values.values()]
        offsets = Column.of(accumulate(map(len, pickles), initial=0))
        places = {key: place for place, key in enumerate(values)}
        return cls(places, offsets, pickle.PickleBuffer(b"".join(pickles)))

    def __getitem__(self, key: str) -> Value:
        try:
            return self._opened[key]
        except KeyError:
            return self._open(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __reduce__(self) -> tuple[object, ...]:
        return Sealed, (self._places, self._offsets, pickle.PickleBuffer(self._pickles))

    def _open(self, key: str) -> Value:
        place = self._places[key]
        begin, end = self._offsets[place], self._offsets[place + 1]
        value: Value = pickle.loads(self._pickles[begin:end])  # noqa: S301 - written by `of`
        self._opened[key] = value
        return value
