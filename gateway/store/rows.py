"""Rows of the entries' tables: found, written and taken away. What a row means is the resource's to say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update

from gateway.store.entry import Entry, Row
from gateway.store.errors import NotThere
from gateway.store.resources import RESOURCES, Resource
from gateway.store.written import storable

_BATCH = 500  # keys in one statement

Query = Select[Any]


def find(connection: Connection, kind: Resource, key: str) -> Row | None:
    """The row of one entry, or None."""
    if not storable(key):
        return None
    found = connection.execute(select(kind.table).where(kind.key == key)).mappings().one_or_none()
    return None if found is None else dict(found)


def every(connection: Connection, kind: Resource, query: Query | None = None) -> Iterator[Row]:
    """All rows of a resource, or those a query selects."""
    asked = select(kind.table) if query is None else query
    found = connection.execute(asked)
    names = tuple(found.keys())
    return (dict(zip(names, row, strict=True)) for row in found)  # half the time of dict(row.mapping)


def entries(connection: Connection, kind: Resource, query: Query | None = None) -> Iterator[Entry]:
    """All entries of a resource, or those a query selects."""
    return map(kind.of_row, every(connection, kind, query))


def add(connection: Connection, kind: Resource, rows: Collection[Row]) -> None:
    """Add entries that are not there yet."""
    if rows:
        connection.execute(insert(kind.table), list(rows))


def change(connection: Connection, kind: Resource, rows: Collection[Row]) -> None:
    """Give entries that are there new values; all rows have the same columns."""
    if rows:
        columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in next(iter(rows))}
        statement = update(kind.table).where(kind.key == bindparam("its_key")).values(columns)
        values = [
            {f"new_{name}": value for name, value in row.items()} | {"its_key": row[kind.key.name]}
            for row in rows
        ]
        connection.execute(statement, values)


def remove(connection: Connection, kind: Resource, keys: Collection[str]) -> None:
    """Take entries away."""
    rest = iter(keys)
    while batch := list(islice(rest, _BATCH)):
        connection.execute(delete(kind.table).where(kind.key.in_(batch)))


def is_same(before: Mapping[str, Any], row: Row) -> bool:
    """Whether a row already holds these values."""
    return all(before[name] == value for name, value in row.items())


def find_group(connection: Connection, name: str) -> Row:
    """The row of a list group; NotThere if there is none."""
    found = find(connection, RESOURCES["list-groups"], name)
    if found is None:
        raise NotThere(f"there is no list group {name[:40]!r}; do: make it first")
    return found
