"""When numbers and accounts called or were called last, as far as the call log goes back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

from sqlalchemy import ColumnElement, Engine, func, select

from gateway.store.call_tables import calls
from gateway.store.database import reading

Party = Literal["caller", "callee", "account"]

_BATCH = 200  # questions in one statement, each of which an index answers


def last_calls(engine: Engine, asked: Iterable[tuple[Party, str]]) -> Mapping[tuple[Party, str], float]:
    """The time (epoch seconds) of the last call of each party that had one; raises StoreGone."""
    found: dict[tuple[Party, str], float] = {}
    with reading(engine) as connection:
        for batch in _batches(asked):
            (times,) = connection.execute(select(*map(_last, batch))).all()
            found.update((each, at) for each, at in zip(batch, times, strict=True) if at is not None)
    return found


def _last(asked: tuple[Party, str]) -> ColumnElement[float]:
    party, subject = asked
    return select(func.max(calls.c.at)).where(calls.c[party] == subject).scalar_subquery()


def _batches(asked: Iterable[tuple[Party, str]]) -> Iterator[Sequence[tuple[Party, str]]]:
    rest = iter(asked)
    while batch := list(islice(rest, _BATCH)):
        yield batch
