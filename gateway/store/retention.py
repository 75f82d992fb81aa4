"""Retention: what the database forgets after its time, a portion at a time, so that nobody waits long for the lock.

Calls and the blocks that are over hold telephone numbers and go together; the record of changes is kept longer, for
somebody may have to account for it.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Engine, Table, delete, or_, select

from gateway.store.call_tables import calls
from gateway.store.database import writing
from gateway.store.tables import AUDIT, BLOCKS

PORTION = 1000
"""Rows of each table removed in one transaction."""


def forget(engine: Engine, calls_before: float, changes_before: float, most: int = PORTION) -> bool:
    """Remove the oldest `most` rows of each table that are older than that (epoch seconds); whether more may be left."""
    over = or_(BLOCKS.c.released_at < calls_before, BLOCKS.c.until < calls_before)
    went = (
        _remove(engine, calls, calls.c.at < calls_before, calls.c.at, most),
        _remove(engine, BLOCKS, over, BLOCKS.c.id, most),
        _remove(engine, AUDIT, AUDIT.c.at < changes_before, AUDIT.c.id, most),
    )
    return most in went


def _remove(
    engine: Engine, table: Table, old: ColumnElement[bool], age: ColumnElement[object], most: int
) -> int:
    oldest = select(table.c.id).where(old).order_by(age).limit(most)
    with writing(engine) as connection:
        return connection.execute(delete(table).where(table.c.id.in_(oldest))).rowcount
