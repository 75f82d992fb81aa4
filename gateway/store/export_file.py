"""The store as a file that can be imported again: all of it as TOML, or one resource as CSV or TOML, of one revision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from sqlalchemy import Connection

from gateway.policy.columns import key_digits
from gateway.store import csv_file, numbers, reading, rows, toml_file
from gateway.store.entry import Entry
from gateway.store.errors import NotThere
from gateway.store.parameters_entry import KEY, ParametersValues
from gateway.store.resources import RESOURCES, Resource, find_resource, group_of


def exported(connection: Connection, target: str | None, form: Literal["toml", "csv"]) -> Iterator[str]:
    """The lines of a file, without their ends: everything, a resource, or `list-groups/NAME/numbers`.

    NotThere for what there is not, and for everything as CSV.
    """
    if group := group_of(target):
        rows.find_group(connection, group)
        return group_numbers(connection, group)
    if target is not None:
        find_resource(target)
    if form == "toml":
        return toml(connection, target)
    if target is None:
        raise NotThere("a CSV holds one resource; do: name it with --as")
    return csv(connection, target)


def toml(connection: Connection, resource: str | None = None) -> Iterator[str]:
    """The lines of the whole policy, or of one resource, without their ends."""
    yield f"# Policy of revision {reading.revision(connection)}"
    chosen = RESOURCES.values() if resource is None else (RESOURCES[resource],)
    for kind in chosen:
        if kind.name == KEY:
            yield from _parameters(reading.parameters(connection))
            continue
        for entry in _entries(connection, kind):
            yield from _entry(connection, kind, entry)


def csv(connection: Connection, resource: str) -> Iterator[str]:
    """The rows of a resource, without their ends."""
    kind = RESOURCES[resource]
    columns = csv_file.fields(kind)
    columns.pop("numbers", None)  # they are exported by themselves
    yield csv_file.row(columns)
    found = [reading.parameters(connection)] if kind.name == KEY else _entries(connection, kind)
    for entry in found:
        written = entry.written(brief=True)
        yield csv_file.row(field.write(written.get(name)) for name, field in columns.items())


def group_numbers(connection: Connection, group: str) -> Iterator[str]:
    """The numbers of a list group, one a line."""
    yield "number"
    for key in numbers.keys_of(connection, group):
        yield f"+{key_digits(key)}"


def _entries(connection: Connection, kind: Resource) -> Iterator[Entry]:
    return rows.entries(connection, kind, kind.table.select().order_by(kind.key))


def _parameters(entry: ParametersValues) -> Iterator[str]:
    written = entry.written(brief=True) | {"country": entry.country}
    yield from toml_file.assignments({"country": written.pop("country")})
    yield ""
    yield from toml_file.table(KEY, written, one_of_many=False)


def _entry(connection: Connection, kind: Resource, entry: Entry) -> Iterator[str]:
    lines = list(toml_file.table(kind.name, entry.written(brief=True), one_of_many=True))
    yield from lines[:-1]
    if kind.name == "list-groups":
        listed = (f"+{key_digits(key)}" for key in numbers.keys_of(connection, entry.key))
        yield from toml_file.long_list("numbers", listed)
    yield ""
