"""What a database can keep of a record, whatever stands in it.

Half of a record are texts that strangers wrote. They are cut to a bound and freed of what no database stores; numbers
have to fit their columns. So no record can keep the others out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BigInteger, Double, Integer

from gateway.store.call_tables import calls

LONGEST_TEXT = 512
"""Characters kept of any text."""

_LARGEST = 1e300


Row = tuple[Any, ...]
"""A value for every column, in their order."""


def row_of(record: Mapping[str, Any]) -> Row | None:
    """The row of a call's record; None for one without an `id` or the time `at`."""
    get = record.get
    row = tuple([None if (value := get(name)) is None else fit(value) for name, fit in _FITTING])
    return None if row[_ID] is None or row[_AT] is None else row


def _text(value: object) -> str | None:
    text = value if type(value) is str else str(value)
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT]
    return (text if text.isprintable() else _storable(text)) or None


def _storable(text: str) -> str:
    """Without what no database stores as text: NUL, and half a surrogate pair."""
    return text.replace("\0", "").encode(errors="replace").decode()


def _whole(bits: int) -> Callable[[object], int | None]:
    bound = 1 << (bits - 1)

    def fit(value: object) -> int | None:
        return int(value) if isinstance(value, int) and -bound <= value < bound else None

    return fit


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and abs(value) < _LARGEST else None


def _fit(type: object) -> Callable[[object], Any]:
    if isinstance(type, Double):
        return _number
    if isinstance(type, Integer):
        return _whole(64 if isinstance(type, BigInteger) else 32)
    return _text


_FITTING = tuple((column.name, _fit(column.type)) for column in calls.columns)
_ID, _AT = (calls.columns.keys().index(name) for name in ("id", "at"))
