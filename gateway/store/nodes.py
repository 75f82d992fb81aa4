"""The registry of the nodes that share a database: what each says of itself, and which of them an operator wants drained.

A node is known by its `[node] name`; it has one row, which its recorder writes again and again. What an operator wants stands
beside it, so that a node which is away, or was made anew, finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, Row, Select, delete, false, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store import notices
from gateway.store.database import reading, writing
from gateway.store.errors import NotThere, StillNeeded
from gateway.store.ledger import record
from gateway.store.node_tables import DRAINED, NODES
from gateway.store.paging import Page, bounded
from gateway.store.written import storable

RESOURCE = "nodes"

_UPSERT: Mapping[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}

MISSED = 5
"""Reports in a row that a node may miss before it is taken to be gone."""

Standing = Literal["serving", "draining", "not-ready", "gone"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a node says of itself. Times are epoch seconds by its own clock, `every` the seconds until the next report.

    `host` is the machine's name, `started` when its recorder began. `revision` is that of the policy in force, as text.
    `slots_free` is the room for more calls. `alarms`: what its recorder and its edge want an operator to look at.
    """

    host: str
    door: str
    addresses: tuple[str, ...]
    version: str
    started: float
    every: float
    revision: str = "none"
    credentials_revision: int = 0
    calls: int = 0
    workers: int = 0
    slots_free: int = 0
    ready: bool = False
    draining: bool = False
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """That a node be drained: since when (epoch seconds), and by whom."""

    since: float
    who: str


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its last report, from when it is, and the wish that it be drained, if there is one."""

    name: str
    seen: float
    report: Report
    wish: Wish | None = None

    def up(self, now: float) -> bool:
        """Whether it reported lately."""
        return abs(now - self.seen) < MISSED * self.report.every

    def standing(self, now: float) -> Standing:
        """What it does."""
        if not self.up(now):
            return "gone"
        if self.report.draining:
            return "draining"
        return "serving" if self.report.ready else "not-ready"


_REPORT: TypeAdapter[Report] = TypeAdapter(Report)


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of one database. clock: epoch seconds. Any method may raise StoreGone, and then nothing was changed.

    `who` is who wants something, as the record of changes shows it.
    """

    engine: Engine
    clock: Callable[[], float]

    def report(self, name: str, report: Report, mark: str, previous: str | None) -> Node | None:
        """Take a node's report. mark: to know it again by; previous: that of its report before, None for the first.

        Answers the node that reported under the same name in between, None if there was none.
        """
        same = NODES.c.name == name
        values = {"seen": self.clock(), "mark": mark, "report": _REPORT.dump_python(report, mode="json")}
        with writing(self.engine) as connection:
            if connection.execute(
                update(NODES).where(same, NODES.c.mark == previous).values(values)
            ).rowcount:
                return None
            present = _one(connection, name)
            begun = _UPSERT[self.engine.dialect.name](NODES).values(values | {"name": name})
            connection.execute(begun.on_conflict_do_update(index_elements=["name"], set_=values))
        return present if previous is not None else None

    def page(self, limit: int = 100, after: str | None = None) -> Page[Node]:
        """The nodes by name."""
        asked = _ALL
        if after is not None:
            asked = asked.where(NODES.c.name > after if storable(after) else false())
        with reading(self.engine) as connection:
            rows = connection.execute(asked.order_by(NODES.c.name).limit(bounded(limit) + 1)).all()
        found = tuple(map(_node, rows[:limit]))
        return Page(found, found[-1].name if len(rows) > limit else None)

    def get(self, name: str) -> Node:
        """One node; NotThere."""
        with reading(self.engine) as connection:
            return _found(connection, name)

    def every(self) -> list[Node]:
        """All of them, by name."""
        with reading(self.engine) as connection:
            return [_node(row) for row in connection.execute(_ALL.order_by(NODES.c.name))]

    def drain(self, name: str, who: str) -> Node:
        """Have a node take no new calls until `serve`; nothing new for one that is drained already. NotThere."""
        with writing(self.engine) as connection:
            node = _found(connection, name)
            if node.wish is None:
                wish = {"name": name, "since": self.clock(), "who": who}
                connection.execute(insert(DRAINED).values(wish))
                self._noted(connection, who, "drained", name)
            return _found(connection, name)

    def serve(self, name: str, who: str) -> Node:
        """Have a node take calls again; nothing new for one that is not drained. NotThere."""
        with writing(self.engine) as connection:
            if _found(connection, name).wish is not None:
                connection.execute(delete(DRAINED).where(DRAINED.c.name == name))
                self._noted(connection, who, "served", name)
            return _found(connection, name)

    def forget(self, name: str, who: str) -> None:
        """Take a node away that is gone, and the wish that it be drained; NotThere, StillNeeded for one that is up."""
        with writing(self.engine) as connection:
            if _found(connection, name).up(self.clock()):
                raise StillNeeded(f"node {name!r} is up; do: stop it, and wait until it is seen no more")
            for table in (NODES, DRAINED):
                connection.execute(delete(table).where(table.c.name == name))
            self._noted(connection, who, "removed", name)

    def _noted(self, connection: Connection, who: str, action: str, name: str) -> None:
        record(connection, who, self.clock(), action, RESOURCE, name, None, None)
        notices.tell(connection)


_ALL: Select[Any] = select(NODES, DRAINED.c.since, DRAINED.c.who).join_from(
    NODES, DRAINED, NODES.c.name == DRAINED.c.name, isouter=True
)


def _one(connection: Connection, name: str) -> Node | None:
    row = connection.execute(_ALL.where(NODES.c.name == name)).first() if storable(name) else None
    return None if row is None else _node(row)


def _found(connection: Connection, name: str) -> Node:
    node = _one(connection, name)
    if node is None:
        raise NotThere(f"there is no node {name!r}")
    return node


def _node(row: Row[Any]) -> Node:
    wish = None if row.who is None else Wish(row.since, row.who)
    return Node(row.name, row.seen, _REPORT.validate_python(row.report), wish)
