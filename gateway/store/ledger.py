"""The ledger: every change of the policy has a revision, and each entry's state before and after is on record.

A change is one transaction. It locks the policy first, so that changes follow one another and each sees the policy as
the one before has left it. What changes nothing leaves no revision.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Engine, delete, insert, select, update

from gateway.store import notices
from gateway.store.database import writing
from gateway.store.deed import Deed
from gateway.store.tables import AUDIT, CHANGES, STATE

Action = Literal["added", "changed", "removed"]


@dataclass(slots=True)
class Ledger:
    """The change that is being made: its connection, its revision, and what it did so far."""

    connection: Connection
    who: str
    at: float
    revision: int
    counts: dict[str, Counter[Action]] = field(default_factory=lambda: defaultdict(Counter))
    keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _audit: list[dict[str, Any]] = field(default_factory=list)

    def note(
        self, resource: str, key: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> None:
        """Put an entry's change on record; None stands for an entry that was not there, or is no more."""
        action: Action = "added" if before is None else "removed" if after is None else "changed"
        self.counts[resource][action] += 1
        self.keys[resource].add(key)
        self.note_deed(action, resource, key, before, after)

    def note_deed(
        self,
        action: str,
        resource: str,
        key: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        """Put something on record that is no entry's change."""
        deed = Deed(self.at, self.who, action, resource, key, self.revision, before, after)
        self._audit.append(asdict(deed))

    def touch(self, resource: str) -> None:
        """Say that something of a resource changed that is no entry."""
        self.keys[resource] |= set()

    def took_away(self, *resources: str) -> bool:
        """Whether an entry of one of the resources is there no more."""
        return any(self.counts[each]["removed"] for each in resources if each in self.counts)

    def close(self) -> None:
        """Write down what was done; a change that changed nothing gives its revision back."""
        if not self._audit:
            self.revision -= 1
            self.connection.execute(update(STATE).values(revision=self.revision))
            return
        self.connection.execute(insert(AUDIT), self._audit)
        touched = sorted(self.keys)
        if touched:
            self.connection.execute(delete(CHANGES).where(CHANGES.c.resource.in_(touched)))
            self.connection.execute(
                insert(CHANGES), [{"resource": each, "revision": self.revision} for each in touched]
            )
        notices.tell(self.connection)


@contextmanager
def changing(engine: Engine, who: str, at: float) -> Iterator[Ledger]:
    """A change by `who` at `at` (epoch seconds), kept if the block ends well."""
    with writing(engine) as connection:
        next_revision = update(STATE).values(revision=STATE.c.revision + 1).returning(STATE.c.revision)
        ledger = Ledger(connection, who, at, connection.execute(next_revision).scalar_one())
        yield ledger
        ledger.close()


def record(
    connection: Connection,
    who: str,
    at: float,
    action: str,
    resource: str,
    key: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Put on record what was done beside the policy, at the revision it has."""
    revision = connection.execute(select(STATE.c.revision)).scalar_one()
    deed = Deed(at, who, action, resource, key, revision, before, after)
    connection.execute(insert(AUDIT), asdict(deed))


def record_once(connection: Connection, deed: Deed) -> None:
    """Put on record what was done elsewhere, unless it is there already."""
    same = (
        AUDIT.c.at == deed.at,
        AUDIT.c.resource == deed.resource,
        AUDIT.c.key == deed.key,
        AUDIT.c.action == deed.action,
        AUDIT.c.revision == deed.revision,
    )
    if connection.execute(select(AUDIT.c.id).where(*same).limit(1)).first() is None:
        connection.execute(insert(AUDIT), asdict(deed))
