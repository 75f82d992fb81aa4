"""What a call was decided by: the entries its record names, as they stood when it came.

The record of changes knows what stood before each change, so an entry that was changed or removed since is still told
as it was then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.store.paging import Change
from gateway.store.store import Store

_BY_RULE = {"attest.section": "number-sections", "attest.authorisation": "authorisations"}
_BY_COLUMN = (("account", "accounts"), ("peer", "peers"), ("carrier", "peers"), ("route", "routes"))


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry as it is written; None where there was none at the time. `changed` says whether it is another one now."""

    resource: str
    key: str
    entry: Mapping[str, Any] | None
    changed: bool


def facts_of(call: Mapping[str, Any], store: Store) -> tuple[Fact, ...]:
    """The account, peers and route of a call, and the number section or letter of authorisation that made its level A."""
    named = dict.fromkeys(_named(call))
    return tuple(_fact(store, resource, key, call["at"]) for resource, key in named)


def _named(call: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for column, resource in _BY_COLUMN:
        if call[column]:
            yield resource, call[column]
    kind, _, name = (call["rule"] or "").partition(":")
    if kind in _BY_RULE:
        yield _BY_RULE[kind], name


def _fact(store: Store, resource: str, key: str, at: float) -> Fact:
    first: Change | None = None
    for change in _changes(store, resource, key):
        if change.at <= at:
            break
        first = change
    if first:
        return Fact(resource, key, first.before, changed=True)
    stored = store.get(resource, key)
    return Fact(resource, key, stored.entry.written() if stored else None, changed=False)


def _changes(store: Store, resource: str, key: str) -> Iterator[Change]:
    """Every change of an entry, the latest first."""
    after: str | None = None
    while True:
        page = store.audit({"resource": resource, "key": key}, after=after)
        yield from page.entries
        if page.next is None:
            return
        after = page.next
