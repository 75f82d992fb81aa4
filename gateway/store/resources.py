"""The kinds of entries an operator writes: what each is called, its shape, its table, and what it can be filtered by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Table

from gateway.store import tables
from gateway.store.entry import Entry, Row
from gateway.store.errors import NotThere
from gateway.store.number_entries import (
    AddressRangeEntry,
    AreaEntry,
    AuthorisationEntry,
    ListGroupEntry,
    RateEntry,
    SectionEntry,
    TransformEntry,
    WhitelistEntry,
)
from gateway.store.parameters_entry import ParametersEntry
from gateway.store.peer_entries import AccountEntry, PeerEntry, RouteEntry


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of entries. name: as in URLs and TOML. noun: one of them, as in messages. filters: columns."""

    name: str
    noun: str
    entry: type[Entry]
    table: Table
    filters: tuple[str, ...] = ()

    @property
    def key(self) -> Column[Any]:
        """The column that holds an entry's key."""
        return next(iter(self.table.primary_key))

    def row(self, entry: Entry) -> Row:
        """The entry as a row, without its revision."""
        written = entry.row() | {self.key.name: entry.key}
        columns = {name: value for name, value in written.items() if name in self.table.columns}
        if "more" not in self.table.columns:
            return columns
        brief = entry.written(brief=True)
        return columns | {"more": {name: value for name, value in brief.items() if name not in columns}}

    def of_row(self, row: Mapping[str, Any]) -> Entry:
        """The entry that a row holds."""
        return self.entry.of_row(row)


_ALL = (
    Resource("parameters", "parameters", ParametersEntry, tables.PARAMETERS),
    Resource("areas", "area", AreaEntry, tables.AREAS, ("name",)),
    Resource("list-groups", "list-group", ListGroupEntry, tables.GROUPS),
    Resource("system-whitelist", "system-whitelist", WhitelistEntry, tables.WHITELIST),
    Resource("rates", "rate", RateEntry, tables.RATES, ("table", "prefix")),
    Resource("address-ranges", "address-range", AddressRangeEntry, tables.ADDRESS_RANGES, ("feed",)),
    Resource("accounts", "account", AccountEntry, tables.ACCOUNTS, ("name", "kind", "enabled")),
    Resource("number-sections", "number-section", SectionEntry, tables.SECTIONS, ("account",)),
    Resource("authorisations", "authorisation", AuthorisationEntry, tables.AUTHORISATIONS, ("account",)),
    Resource("peers", "peer", PeerEntry, tables.PEERS, ("role", "account")),
    Resource("number-transforms", "number-transform", TransformEntry, tables.TRANSFORMS, ("peer", "party")),
    Resource("routes", "route", RouteEntry, tables.ROUTES, ("prefix", "from_peer")),
)

_GROUP_NUMBERS = re.compile(r"list-groups/([^/]+)/numbers").fullmatch

RESOURCES: Mapping[str, Resource] = MappingProxyType({each.name: each for each in _ALL})
"""By name; what is referred to stands before what refers to it."""


def find_resource(name: str) -> Resource:
    """The resource of a name; NotThere if there is none."""
    if name not in RESOURCES:
        raise NotThere(f"there is no resource {name[:40]!r}; do: name one of {', '.join(RESOURCES)}")
    return RESOURCES[name]


def group_of(target: str | None) -> str | None:
    """The list group whose numbers `list-groups/NAME/numbers` means, or None where a text means something else."""
    found = _GROUP_NUMBERS(target or "")
    return found[1] if found else None
