"""What a recorder asks its database again and again, in one question: has anything changed that concerns this node?"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, exists, select

from gateway.store.blacklist import RESOURCE as BLACKLIST
from gateway.store.database import reading
from gateway.store.node_tables import DRAINED
from gateway.store.tables import CHANGES, STATE


@dataclass(frozen=True, slots=True)
class Marks:
    """The revisions of the policy and of the dynamic black list, and whether an operator wants the node drained."""

    policy: int
    blocks: int
    drain: bool


def marks(engine: Engine, node: str) -> Marks:
    """How they stand now, for the node of that name; StoreGone."""
    asked = select(
        select(STATE.c.revision).scalar_subquery(),
        select(CHANGES.c.revision).where(CHANGES.c.resource == BLACKLIST).scalar_subquery(),
        exists().where(DRAINED.c.name == node),
    )
    with reading(engine) as connection:
        policy, blocks, drain = connection.execute(asked).one()
    return Marks(policy, blocks, bool(drain))
