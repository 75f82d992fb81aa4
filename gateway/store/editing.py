"""One entry is put in place or taken away, if it still is as whoever does so believes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gateway.policy.columns import key_digits, number_key
from gateway.store import numbers, rows
from gateway.store.checking import check
from gateway.store.entry import Entry, Row
from gateway.store.errors import Conflict, NotThere
from gateway.store.ledger import Ledger
from gateway.store.number_entries import ListGroupEntry
from gateway.store.reading import parameters
from gateway.store.resources import RESOURCES, Resource
from gateway.store.tables import GROUPS

_FEW = 20  # numbers that the record of changes names


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it is stored, and the revision in which it last changed."""

    entry: Entry
    revision: int


def put(ledger: Ledger, kind: Resource, entry: Entry, if_revision: int | None, create_only: bool) -> Stored:
    """Add an entry or replace it; PolicyError if the policy would not be good then, Conflict if a condition fails."""
    before = rows.find(ledger.connection, kind, entry.key)
    _check_conditions(kind, entry.key, before, if_revision, create_only)
    entry = entry.completed(parameters(ledger.connection).value(), ledger.at)
    row = kind.row(entry)
    revision = ledger.revision
    if before is not None and rows.is_same(before, row):
        revision = before["revision"]
    else:
        write(ledger, kind, [(before, row)])
    if isinstance(entry, ListGroupEntry):
        put_numbers_of(ledger, entry)
    check(ledger)
    return Stored(kind.of_row(row), revision)


def remove(ledger: Ledger, kind: Resource, key: str, if_revision: int | None) -> None:
    """Take an entry away; PolicyError if others need it, NotThere, Conflict."""
    before = rows.find(ledger.connection, kind, key)
    if before is None:
        raise NotThere(f"there is no {kind.noun} {key!r}")
    _check_conditions(kind, key, before, if_revision, create_only=False)
    write(ledger, kind, [(before, None)])
    check(ledger)


def write(ledger: Ledger, kind: Resource, changes: list[tuple[Row | None, Row | None]]) -> None:
    """Change entries, each from what it was to what it is to be, and note it."""
    new = {"revision": ledger.revision}
    initial = new | {"numbers_revision": ledger.revision} if kind.table is GROUPS else new
    rows.remove(
        ledger.connection, kind, [before[kind.key.name] for before, row in changes if before and not row]
    )
    rows.add(ledger.connection, kind, [row | initial for before, row in changes if row and not before])
    rows.change(ledger.connection, kind, [row | new for before, row in changes if row and before])
    for before, row in changes:
        key = (before or row or {})[kind.key.name]
        ledger.note(kind.name, key, _written(kind, before), _written(kind, row))


def put_numbers_of(ledger: Ledger, entry: ListGroupEntry) -> None:
    """Give a group the numbers that are written with it, if there are any."""
    if entry.numbers is not None:
        keys = sorted({number_key(digits) for digits in entry.numbers})
        change_numbers(ledger, entry.name, keys, "replace", lambda _: None)


def change_numbers(
    ledger: Ledger, group: str, keys: Any, mode: numbers.Mode, progress: Callable[[int], None]
) -> numbers.Difference:
    """Change the numbers of a group that is there, and note how many; a few are named: before, those that went."""
    made = numbers.change(ledger.connection, group, keys, mode, progress)
    if made:
        kind = RESOURCES["list-groups"]
        ledger.connection.execute(
            kind.table.update().where(kind.key == group).values(numbers_revision=ledger.revision)
        )
        counts = {"added": len(made.added), "removed": len(made.removed)}
        went, came = _named(made.removed), _named(made.added)
        before, after = (went, counts | came) if len(made) <= _FEW else (None, counts)
        ledger.note_deed(f"numbers-{mode}", "list-groups", group, before, after)
        ledger.touch("list-groups")
    return made


def _named(keys: Iterable[int]) -> dict[str, Any]:
    return {"numbers": [f"+{key_digits(key)}" for key in keys]}


def _written(kind: Resource, row: Row | None) -> dict[str, Any] | None:
    return None if row is None else kind.of_row(row).written(brief=True)


def _check_conditions(
    kind: Resource, key: str, before: Row | None, if_revision: int | None, create_only: bool
) -> None:
    if create_only and before is not None:
        raise Conflict(f"{kind.noun} {key!r} is there already; do: change it, or choose another name")
    if if_revision is None or (before is not None and before["revision"] == if_revision):
        return
    if before is None:
        raise Conflict(f"{kind.noun} {key!r} is there no more; do: read the list again")
    raise Conflict(
        f"{kind.noun} {key!r} was changed in revision {before['revision']}, after {if_revision}; do: read it again"
    )
