"""The call log: every call that was decided, in SQL, for whoever has to say afterwards what became of it.

Rows are added in batches off the call path and are never changed. A record that comes twice is one row.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import time
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    false,
    or_,
    select,
    tuple_,
)

from gateway import log
from gateway.store.call_facts import Fact, facts_of
from gateway.store.call_rows import row_of
from gateway.store.call_tables import calls
from gateway.store.database import reading, writing
from gateway.store.store import Store
from gateway.store.written import storable

AROUND = 3600.0
"""Seconds before and after a call in which its number's other calls belong to its trace."""

MOST_ATTEMPTS = 200

Call = dict[str, Any]
"""One row: the columns of `call_tables.calls` by name, in their order."""


@dataclass(frozen=True, slots=True)
class CallFilters:
    """What the calls of a page have in common; None asks for nothing.

    `number` is that of either party, `rule` the beginning of a rule's id, `since` (included) and `until` (not) bound the
    time the call came in. A number also finds the calls stored under its masked form.
    """

    direction: str | None = None
    peer: str | None = None
    account: str | None = None
    caller: str | None = None
    callee: str | None = None
    number: str | None = None
    rule: str | None = None
    code: int | None = None
    attest: str | None = None
    verstat: str | None = None
    origid: str | None = None
    call_id: str | None = None
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class CallPage:
    """Calls, the newest first; `next` is where the next page begins, None at the end."""

    calls: tuple[Call, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Traceback:
    """Everything that is known about one call.

    `attempts` are the other calls of its number within an hour, and those of its Call-ID: the latest `MOST_ATTEMPTS`,
    newest first; `more` if there were others. `facts` are the entries it was decided by, as they stood then.
    """

    call: Call
    attempts: tuple[Call, ...]
    more: bool
    facts: tuple[Fact, ...]


class CallLog:
    """The calls of one database. Everything here raises StoreGone while the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # As the driver takes it, with rows as tuples: what SQLAlchemy does for each row costs more than keeping it.
        mark = "%s" if engine.dialect.name == "postgresql" else "?"
        names = calls.columns.keys()
        self._insert = (
            f"INSERT INTO calls ({', '.join(names)}) VALUES ({', '.join(mark for _ in names)}) "  # noqa: S608 - ours alone
            "ON CONFLICT (id) DO NOTHING"
        )

    def add(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Keep records by the names of their columns, all in one transaction, each `id` once.

        Returns how many there were that have what a row needs: an `id` and the time `at`.
        """
        rows = [row for row in map(row_of, records) if row is not None]
        if rows:
            with writing(self._engine) as connection:
                connection.exec_driver_sql(self._insert, rows)
        return len(rows)

    def page(self, filters: CallFilters, limit: int = 100, after: str | None = None) -> CallPage:
        """At most `limit` calls behind the place `after`, which an earlier page named; ValueError if none did."""
        query = select(calls).where(*_conditions(filters)).order_by(calls.c.at.desc(), calls.c.id.desc())
        if after is not None:
            query = query.where(tuple_(calls.c.at, calls.c.id) < _place(after))
        with reading(self._engine) as connection:
            found = [dict(row) for row in connection.execute(query.limit(limit + 1)).mappings()]
        more = len(found) > limit
        return CallPage(tuple(found[:limit]), _name_of(found[limit - 1]) if more else None)

    def traceback(
        self,
        *,
        id: str | None = None,
        origid: str | None = None,
        number: str | None = None,
        at: float | None = None,
    ) -> Traceback | None:
        """The call of this id or origid, or of this number (either party's), that came nearest to `at`; without it the last.

        None if there is no such call.
        """
        if id is not None:
            wanted = [calls.c.id == id if storable(id) else false()]
        elif origid is not None:
            wanted = [calls.c.origid == origid]
        else:
            wanted = [column.in_(forms(number or "")) for column in (calls.c.caller, calls.c.callee)]
        with reading(self._engine) as connection:
            found = [call for each in wanted for call in _nearest(connection, each, at)]
            if not found:
                return None
            call = min(found, key=lambda call: -call["at"] if at is None else abs(call["at"] - at))
            attempts = _attempts(connection, call, forms(number) if number else (call["caller"],))
        more = len(attempts) > MOST_ATTEMPTS
        facts = facts_of(call, Store(self._engine, time))
        return Traceback(call, attempts[:MOST_ATTEMPTS], more, facts)


def forms(number: str) -> tuple[str, ...]:
    """How a number may stand in the log: as it is, or masked."""
    return tuple(dict.fromkeys((number, log.mask(number))))


def _nearest(connection: Connection, wanted: ColumnElement[bool], at: float | None) -> Iterator[Call]:
    """The last such call up to a time, and the first one after it."""
    query = select(calls).where(wanted).limit(1)
    sides = [query.where(calls.c.at <= (math.inf if at is None else at)).order_by(calls.c.at.desc())]
    if at is not None:
        sides.append(query.where(calls.c.at > at).order_by(calls.c.at))
    for side in sides:
        yield from map(dict, connection.execute(side).mappings())


def _attempts(connection: Connection, call: Call, numbers: tuple[str | None, ...]) -> tuple[Call, ...]:
    near = calls.c.at.between(call["at"] - AROUND, call["at"] + AROUND)
    alike = [and_(column.in_(numbers), near) for column in (calls.c.caller, calls.c.callee)]
    if call["call_id"]:
        alike.append(calls.c.call_id == call["call_id"])
    query = select(calls).where(or_(*alike), calls.c.id != call["id"]).order_by(calls.c.at.desc())
    found = connection.execute(query.limit(MOST_ATTEMPTS + 1))
    return tuple(map(dict, found.mappings()))


def _conditions(filters: CallFilters) -> Iterator[ColumnElement[bool]]:
    for name in ("direction", "peer", "account", "code", "attest", "verstat", "origid", "call_id"):
        wanted = getattr(filters, name)
        if wanted is not None:
            yield calls.c[name] == wanted
    if filters.caller is not None:
        yield calls.c.caller.in_(forms(filters.caller))
    if filters.callee is not None:
        yield calls.c.callee.in_(forms(filters.callee))
    if filters.number is not None:
        either = forms(filters.number)
        yield or_(calls.c.caller.in_(either), calls.c.callee.in_(either))
    if filters.rule is not None:
        yield calls.c.rule >= filters.rule
        yield calls.c.rule < filters.rule + "\U0010ffff"
    if filters.since is not None:
        yield calls.c.at >= filters.since
    if filters.until is not None:
        yield calls.c.at < filters.until


def _name_of(call: Call) -> str:
    return f"{call['at']!r},{call['id']}"


def _place(name: str) -> tuple[float, str]:
    at, comma, id = name.partition(",")
    try:
        place = float(at)
    except ValueError:
        place = math.nan
    if not comma or not math.isfinite(place):
        raise ValueError(f"{name[:80]!r} is not a place in the call log")
    return place, id
