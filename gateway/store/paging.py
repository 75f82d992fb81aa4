"""Long lists are told in pages: each says where the next one begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Boolean, Column, ColumnElement, Connection, false, select

from gateway.policy.columns import key_digits, number_key
from gateway.store import rows
from gateway.store.editing import Stored
from gateway.store.errors import meant
from gateway.store.resources import RESOURCES, Resource
from gateway.store.rows import Query
from gateway.store.tables import AUDIT, NUMBERS, SECTIONS
from gateway.store.written import storable

LARGEST_PAGE = 10_000

Filters = Mapping[str, str]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some entries in order, and what `after` is for those behind them; None where there are none."""

    entries: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the record of changes; `before` and `after` are entries as they are written, None where none is."""

    id: int
    at: float
    who: str
    action: str
    resource: str
    key: str
    revision: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def page(
    connection: Connection, kind: Resource, filters: Filters, limit: int, after: str | None
) -> Page[Stored]:
    """The entries of a resource that match all filters (column -> value), by key."""
    asked = filtered(select(kind.table), {name: kind.table.c[name] for name in kind.filters}, filters)
    return _entries(connection, kind, asked, limit, after)


def sections(
    connection: Connection,
    begin: str | None,
    end: str | None,
    account: str | None,
    limit: int,
    after: str | None,
) -> Page[Stored]:
    """The sections that hold any number from `begin` to `end` (canonical digits), and belong to an account."""
    asked = select(SECTIONS)
    if begin is not None:
        asked = asked.where(SECTIONS.c.end >= number_key(begin))
    if end is not None:
        asked = asked.where(SECTIONS.c.begin <= number_key(end))
    if account is not None:
        asked = asked.where(_equal(SECTIONS.c.account, account))
    return _entries(connection, RESOURCES["number-sections"], asked, limit, after)


def _entries(
    connection: Connection, kind: Resource, asked: Query, limit: int, after: str | None
) -> Page[Stored]:
    if after is not None:
        asked = asked.where(kind.key > after if storable(after) else false())
    found = list(rows.every(connection, kind, asked.order_by(kind.key).limit(bounded(limit) + 1)))
    stored = [Stored(kind.of_row(row), row["revision"]) for row in found[:limit]]
    return Page(tuple(stored), found[limit - 1][kind.key.name] if len(found) > limit else None)


def numbers(connection: Connection, group: str, limit: int, after: str | None, only: str | None) -> Page[str]:
    """The numbers of a group as they are written, shorter ones first; `only` one of them, by its digits."""
    asked = select(NUMBERS.c.number).where(NUMBERS.c.group == group)
    if only is not None:
        asked = asked.where(NUMBERS.c.number == number_key(only))
    if after is not None:
        asked = asked.where(NUMBERS.c.number > number_key(after.removeprefix("+")))
    found = connection.execute(asked.order_by(NUMBERS.c.number).limit(bounded(limit) + 1)).scalars().all()
    told = tuple(f"+{key_digits(key)}" for key in found[:limit])
    return Page(told, told[-1] if len(found) > limit else None)


def audit(connection: Connection, filters: Filters, limit: int, after: str | None) -> Page[Change]:
    """The record of changes, newest first; filters: resource, key, who, action."""
    columns = {name: AUDIT.c[name] for name in ("resource", "key", "who", "action")}
    asked = filtered(select(AUDIT), columns, filters)
    if after is not None:
        asked = asked.where(AUDIT.c.id < place(after))
    found = connection.execute(asked.order_by(AUDIT.c.id.desc()).limit(bounded(limit) + 1)).mappings().all()
    told = tuple(Change(**row) for row in found[:limit])
    return Page(told, str(told[-1].id) if len(found) > limit else None)


def filtered(asked: Query, columns: Mapping[str, Column[Any]], filters: Filters) -> Query:
    """A query, with what the filters want of the columns; ValueError for one that is none."""
    for name, value in filters.items():
        if name not in columns:
            raise ValueError(f"there is no filter {name!r}; {meant(name, columns)}")
        asked = asked.where(_equal(columns[name], value))
    return asked


def _equal(column: Column[Any], value: str) -> ColumnElement[bool]:
    if isinstance(column.type, Boolean):
        if value not in ("true", "false"):
            raise ValueError(f"{column.name} is true or false")
        return column.is_(value == "true")
    return column == value if storable(value) else false()


def place(after: str) -> int:
    """Where a page of numbered lines begins."""
    if not (after.isascii() and after.isdecimal() and len(after) <= 10):
        raise ValueError("after: write the `next` of the page before")
    return int(after)


def bounded(limit: int) -> int:
    """How many entries a page may have."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise ValueError(f"a page has 1 to {LARGEST_PAGE} entries, not {limit}")
    return limit
