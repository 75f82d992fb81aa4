"""A document is loaded whole or not at all: each resource it names gets the entries it lists, the others stay.

What is refused is told with its place, every mistake at once. Only what differs is written, so that an entry that stays
as it was keeps its revision, and the record of changes shows changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gateway.policy.parameters import Parameters
from gateway.rim import Complaint, complaints
from gateway.stir.tn import NumberPlan
from gateway.store import rows
from gateway.store.checking import check
from gateway.store.editing import put_numbers_of, write
from gateway.store.entry import Entry, Row
from gateway.store.errors import Refused, meant
from gateway.store.ledger import Action, Ledger
from gateway.store.number_entries import ListGroupEntry
from gateway.store.parameters_entry import KEY, ParametersValues
from gateway.store.reading import parameters
from gateway.store.resources import RESOURCES, Resource

Document = Mapping[str, Any]
"""Resource -> its entries as they are written; `parameters` is one table, `country` a text."""

Entries = dict[str, list[Entry]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many entries each resource of a document has, the revision it made, and how many of them it changed how."""

    counts: Mapping[str, int]
    revision: int
    changes: Mapping[str, Mapping[Action, int]]


def parse(document: Document, present: ParametersValues, *, merge: bool) -> Entries:
    """The entries of a document, by resource; Refused with every mistake in it. Numbers are read in its country."""
    plan = _plan(document.get("country"), present.country)
    found: Entries = {}
    wrong = list(_unknown(document))
    for kind in RESOURCES.values():
        if kind.name in document or (kind.name == KEY and "country" in document):
            raw = _listed(kind, document, present, merge)
            found[kind.name] = list(_entries(kind, raw, plan, wrong))
    if wrong:
        raise Refused(wrong)
    return found


def parse_one(kind: Resource, raw: object, plan: NumberPlan) -> Entry:
    """One entry; Refused with every mistake in it."""
    wrong: list[Complaint] = []
    found = list(_entries(kind, [raw], plan, wrong))
    if wrong:
        before = 1 if kind.name == KEY else 2
        raise Refused(Complaint(each.path[before:], each.text) for each in wrong)
    return found[0]


def load(ledger: Ledger, found: Entries, *, merge: bool) -> None:
    """Put the entries in place of what there is, or beside it; PolicyError if the policy would not be good then."""
    settled = parameters(ledger.connection).value()
    for name, entries in found.items():
        _load_resource(ledger, RESOURCES[name], entries, settled, merge)
    for group in found.get("list-groups", ()):
        if isinstance(group, ListGroupEntry):
            put_numbers_of(ledger, group)
    check(ledger)


def _load_resource(
    ledger: Ledger, kind: Resource, entries: Iterable[Entry], settled: Parameters, merge: bool
) -> None:
    present = {row[kind.key.name]: row for row in rows.every(ledger.connection, kind)}
    changes: list[tuple[Row | None, Row | None]] = []
    for entry in entries:
        row = kind.row(entry.completed(settled, ledger.at))
        before = present.pop(entry.key, None)
        if before is None or not rows.is_same(before, row):
            changes.append((before, row))
    if not merge:
        changes.extend((before, None) for before in present.values())
    write(ledger, kind, changes)


def _plan(written: object, country: str) -> NumberPlan:
    """The plan that numbers are read in; an unknown country is a complaint of its own."""
    try:
        return NumberPlan.of(str(written or country))
    except ValueError:
        return NumberPlan.of(country)


def _unknown(document: Document) -> Iterator[Complaint]:
    known = ["country", *RESOURCES]
    for name in document:
        if name not in known:
            yield Complaint((name,), f"unknown key; {meant(name, known)}")


def _listed(kind: Resource, document: Document, present: ParametersValues, merge: bool) -> object:
    """The entries of a resource as they are written: the parameters are one table, or none but the country."""
    written = document.get(kind.name, {})
    if kind.name != KEY:
        return written
    if not isinstance(written, Mapping):
        return None
    keep = merge or KEY not in document
    stays = present.written(brief=True) if keep else {"country": present.country}
    country = {"country": document["country"]} if "country" in document else {}
    return [stays | dict(written) | country]


def _entries(kind: Resource, raw: object, plan: NumberPlan, wrong: list[Complaint]) -> Iterator[Entry]:
    """The entries that are good; what is wrong with the others is added to `wrong`."""
    if not isinstance(raw, list):
        header = "[parameters]" if kind.name == KEY else f"[[{kind.name}]]"
        wrong.append(Complaint((kind.name,), f"write them under {header}"))
        return
    first: dict[str, int] = {}
    for place, written in enumerate(raw):
        try:
            entry = kind.entry.model_validate(written, context={"plan": plan})
        except ValidationError as error:
            wrong.extend(
                Complaint(_path(kind, place, each), each.text) for each in complaints(error, kind.entry)
            )
            continue
        earlier = first.setdefault(entry.key, place)
        if earlier == place:
            yield entry
        else:
            text = f"{kind.noun} {entry.key!r} is written twice, first as {kind.name}[{earlier}]"
            wrong.append(Complaint((kind.name, place), text))


def _path(kind: Resource, place: int, complaint: Complaint) -> tuple[str | int, ...]:
    return (kind.name, *complaint.path) if kind.name == KEY else (kind.name, place, *complaint.path)
