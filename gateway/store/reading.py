"""The policy as it stands in the tables, as the pure values it is compiled from.

What is long and did not change is not read again: number sections, the numbers of the list groups and the System White
List are taken over from the snapshot of an earlier revision, column by column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from gateway.policy.columns import Column, key_digits
from gateway.policy.lists import ListGroup
from gateway.policy.numbersets import NumberSet
from gateway.policy.sections import NumberSection, SectionTable
from gateway.policy.snapshot import PolicyData, Snapshot
from gateway.store import numbers, rows
from gateway.store.entry import Entry, PureEntry
from gateway.store.parameters_entry import KEY, ParametersEntry, ParametersValues
from gateway.store.peer_entries import PeerEntry
from gateway.store.resources import RESOURCES
from gateway.store.tables import CHANGES, SECTIONS, STATE


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
    country = parameters(connection).country
    return tuple(_value(entry, country) for entry in rows.entries(connection, RESOURCES[resource], query))


def _value(entry: Entry, country: str) -> object:
    if isinstance(entry, PeerEntry):
        return entry.value(country)
    assert isinstance(entry, PureEntry)
    return entry.value()


def policy(connection: Connection, previous: Snapshot | None) -> PolicyData:
    """The whole policy; see `gateway.store.store.Store.policy`."""
    reader = _Reader(connection, previous)
    small = ("accounts", "peers", "routes", "areas", "rates", "authorisations")
    return PolicyData(
        **{name: values(connection, name) for name in small},
        transforms=values(connection, "number-transforms"),
        address_ranges=values(connection, "address-ranges"),
        sections=reader.sections(),
        groups=tuple(reader.groups()),
        system_white=reader.system_white(),
        parameters=parameters(connection).value(),
        revision=str(reader.revision),
    )


class _Reader:
    """Reads the long tables, or takes them over from a snapshot of an earlier revision of the same policy."""

    def __init__(self, connection: Connection, previous: Snapshot | None) -> None:
        self._connection = connection
        self.revision = revision(connection)
        known = int(previous.revision) if previous and previous.revision.isdecimal() else -1
        self._known, self._previous = (known, previous) if known <= self.revision else (-1, None)

    def sections(self) -> tuple[NumberSection, ...] | SectionTable:
        if self._previous and self._is_known("number-sections"):
            return self._previous.sections
        asked = select(SECTIONS.c.begin, SECTIONS.c.end, SECTIONS.c.account, SECTIONS.c.name)
        return tuple(
            NumberSection(key_digits(begin), key_digits(end), account, name)
            for begin, end, account, name in self._connection.execute(asked)
        )

    def groups(self) -> Iterator[ListGroup]:
        for row in rows.every(self._connection, RESOURCES["list-groups"]):
            yield ListGroup(row["name"], row["memo"], self._numbers(row), row["numbers_revision"])

    def _numbers(self, group: Mapping[str, Any]) -> NumberSet:
        if self._previous and group["numbers_revision"] <= self._known:
            return self._previous.groups[group["name"]]
        return NumberSet(Column.of(numbers.keys_of(self._connection, group["name"])))

    def system_white(self) -> NumberSet:
        if self._previous and self._is_known("system-whitelist"):
            return self._previous.system_white
        return NumberSet.of(values(self._connection, "system-whitelist"))

    def _is_known(self, resource: str) -> bool:
        asked = select(CHANGES.c.revision).where(CHANGES.c.resource == resource)
        return (self._connection.execute(asked).scalar() or 0) <= self._known
