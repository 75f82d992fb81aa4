"""The dynamic black list in SQL: what the edges have blocked by themselves, what was blocked by hand, what was released.

It is no part of the policy and has a revision of its own, so that a block does not make the policy be compiled anew. A
subject is blocked once: a later block of the same kind takes the place of an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, or_, select, update

from gateway.policy.blocks import BY_HAND, Block
from gateway.store import notices
from gateway.store.errors import NotThere
from gateway.store.ledger import record
from gateway.store.paging import Filters, Page, bounded, filtered, place
from gateway.store.tables import BLOCKS, CHANGES
from gateway.store.written import LARGEST

RESOURCE = "dynamic-blacklist"

_BLOCK = ("type", "subject", "since", "until", "why")


@dataclass(frozen=True, slots=True)
class Held:
    """A block as it is kept: who made it (a node, or by hand None) and when by whom it was released."""

    id: int
    block: Block
    node: str | None = None
    released_at: float | None = None
    released_by: str | None = None


def revision(connection: Connection) -> int:
    """Changes with every block and release."""
    asked = select(CHANGES.c.revision).where(CHANGES.c.resource == RESOURCE)
    return int(connection.execute(asked).scalar_one())


def add(connection: Connection, block: Block, who: str, node: str | None, at: float) -> Held:
    """Note a block; one made by hand is not replaced by one that was not, and is put on record.

    One that an edge made is nothing new if it comes, or comes again, after the subject was released or blocked later.
    """
    _turn(connection)
    same = (BLOCKS.c.type == block.type, BLOCKS.c.subject == block.subject)
    present = connection.execute(select(BLOCKS).where(*same, _in_force(at))).mappings().first()
    if block.why != BY_HAND:
        later = or_(BLOCKS.c.since > block.since, BLOCKS.c.released_at > block.since)
        known = connection.execute(select(BLOCKS).where(*same, later).limit(1)).mappings().first()
        if known is None and present is not None and present["why"] == BY_HAND:
            known = present
        if known is not None:
            return _held(known)
    values = {name: getattr(block, name) for name in _BLOCK} | {"node": node}
    if present is None:
        statement: Any = insert(BLOCKS).values(values).returning(*BLOCKS.c)
    else:
        statement = update(BLOCKS).where(BLOCKS.c.id == present["id"]).values(values).returning(*BLOCKS.c)
    held = _held(connection.execute(statement).mappings().one())
    if block.why == BY_HAND:
        before = None if present is None else _told(_held(present))
        record(connection, who, at, "blocked", RESOURCE, str(held.id), before, _told(held))
    return held


def release(connection: Connection, id: int, who: str, at: float) -> Held:
    """End a block by hand; NotThere if it is over already."""
    _turn(connection)
    statement = update(BLOCKS).where(BLOCKS.c.id == min(id, LARGEST), _in_force(at))
    changed = statement.values(released_at=at, released_by=who).returning(*BLOCKS.c)
    row = connection.execute(changed).mappings().one_or_none()
    if row is None:
        raise NotThere(f"there is no block {id} in force")
    held = _held(row)
    record(connection, who, at, "released", RESOURCE, str(id), _told(held), None)
    return held


def page(
    connection: Connection, filters: Filters, limit: int, after: str | None, in_force_at: float | None
) -> Page[Held]:
    """The blocks in force at a time, or all there ever were, newest first; filters: type, subject, why, node."""
    columns = {name: BLOCKS.c[name] for name in ("type", "subject", "why", "node")}
    asked = filtered(select(BLOCKS), columns, filters)
    if in_force_at is not None:
        asked = asked.where(_in_force(in_force_at))
    if after is not None:
        asked = asked.where(BLOCKS.c.id < place(after))
    found = connection.execute(asked.order_by(BLOCKS.c.id.desc()).limit(bounded(limit) + 1)).mappings().all()
    told = tuple(map(_held, found[:limit]))
    return Page(told, str(told[-1].id) if len(found) > limit else None)


def in_force(connection: Connection, now: float) -> list[Held]:
    """Every block in force."""
    return [_held(row) for row in connection.execute(select(BLOCKS).where(_in_force(now))).mappings()]


def released_since(connection: Connection, at: float) -> list[Held]:
    """What was released by hand since a time."""
    asked = select(BLOCKS).where(BLOCKS.c.released_at >= at)
    return [_held(row) for row in connection.execute(asked).mappings()]


def _turn(connection: Connection) -> None:
    """The next revision, told to the nodes; it also locks the list for the rest of the transaction."""
    connection.execute(
        update(CHANGES).where(CHANGES.c.resource == RESOURCE).values(revision=CHANGES.c.revision + 1)
    )
    notices.tell(connection)


def _in_force(now: float) -> ColumnElement[bool]:
    return BLOCKS.c.released_at.is_(None) & or_(BLOCKS.c.until.is_(None), BLOCKS.c.until > now)


def _held(row: RowMapping) -> Held:
    block = Block(**{name: row[name] for name in _BLOCK})
    return Held(row["id"], block, row["node"], row["released_at"], row["released_by"])


def _told(held: Held) -> dict[str, Any]:
    return {name: getattr(held.block, name) for name in _BLOCK}
