"""The policy as it stands in the tables, as the pure values it is compiled from.

What is long and did not change is not read again: its tables are taken over from the snapshot of an earlier revision,
and so are the numbers of each list group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from gateway.policy.columns import Column
from gateway.policy.lists import ListGroup
from gateway.policy.numbersets import NumberSet
from gateway.policy.snapshot import PolicyData, Snapshot
from gateway.store import numbers, rows
from gateway.store.entry import PureEntry
from gateway.store.parameters_entry import KEY, ParametersEntry, ParametersValues
from gateway.store.peer_entries import PeerEntry
from gateway.store.resources import RESOURCES
from gateway.store.tables import CHANGES, STATE

_ENTRIES = {
    "accounts": "accounts",
    "sections": "number-sections",
    "peers": "peers",
    "routes": "routes",
    "areas": "areas",
    "transforms": "number-transforms",
    "rates": "rates",
    "authorisations": "authorisations",
    "address_ranges": "address-ranges",
}
"""Fields of a policy's data that hold the values of a resource."""

_MADE_OF = {
    "accounts": ("accounts", "parameters"),
    "account_addresses": ("accounts",),
    "sections": ("number-sections",),
    "areas": ("areas",),
    "listed": ("list-groups",),
    "system_white": ("system-whitelist",),
    "rates": ("rates",),
    "authorisations": ("authorisations",),
    "address_ranges": ("address-ranges",),
}
"""Long tables of a snapshot, and the resources that they are made of."""


def revision(connection: Connection) -> int:
    """The revision of the policy that this connection sees."""
    return int(connection.execute(select(STATE.c.revision)).scalar_one())


def parameters(connection: Connection) -> ParametersValues:
    """The parameters and the country, as they are written or else by default."""
    kind = RESOURCES["parameters"]
    row = rows.find(connection, kind, KEY)
    entry = ParametersEntry() if row is None else kind.of_row(row)
    assert isinstance(entry, ParametersValues)
    return entry


def values(connection: Connection, resource: str, query: rows.Query | None = None) -> tuple[Any, ...]:
    """The pure values of a resource's entries, or of those a query selects."""
    kind = RESOURCES[resource]
    found = rows.every(connection, kind, query)
    if issubclass(kind.entry, PeerEntry):
        country = parameters(connection).country
        return tuple(kind.entry.of_row(row).value(country) for row in found)
    assert issubclass(kind.entry, PureEntry)
    return tuple(map(kind.entry.value_of, found))


def policy(connection: Connection, previous: Snapshot | None) -> PolicyData:
    """The whole policy; see `gateway.store.store.Store.policy`."""
    now = revision(connection)
    if previous and not _is_earlier(previous, now):
        previous = None
    kept = _kept(connection, previous) if previous else {}
    read = {
        field: () if field in kept else values(connection, resource) for field, resource in _ENTRIES.items()
    }
    return PolicyData(
        **read,
        groups=tuple(_groups(connection, previous)),
        system_white=NumberSet.of(() if "system_white" in kept else values(connection, "system-whitelist")),
        parameters=parameters(connection).value(),
        revision=str(now),
        kept=kept,
    )


def _is_earlier(snapshot: Snapshot, now: int) -> bool:
    """Whether a snapshot can be of an earlier revision of this policy."""
    return snapshot.revision.isdecimal() and int(snapshot.revision) <= now


def _kept(connection: Connection, previous: Snapshot) -> dict[str, Any]:
    """The long tables of a snapshot whose entries have not changed since its revision."""
    asked = select(CHANGES.c.resource).where(CHANGES.c.revision > int(previous.revision))
    changed = set(connection.execute(asked).scalars())
    return {
        field: getattr(previous, field)
        for field, resources in _MADE_OF.items()
        if changed.isdisjoint(resources)
    }


def _groups(connection: Connection, previous: Snapshot | None) -> Iterator[ListGroup]:
    for row in rows.every(connection, RESOURCES["list-groups"]):
        name, changed = row["name"], row["numbers_revision"]
        if previous and changed <= int(previous.revision):
            held = previous.groups[name]
        else:
            held = NumberSet(Column.of(numbers.keys_of(connection, name)))
        yield ListGroup(name, row["memo"], held, changed)
