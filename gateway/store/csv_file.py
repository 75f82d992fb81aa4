"""One resource as CSV: a first row with the names of the fields, then an entry a row.

A cell of a text field is taken as it stands. Cells of other fields are written in JSON; a list of words may be written
with spaces between them. An empty cell is a field that was left out, or an empty text where the field is needed.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Any, Literal

from gateway.policy.snapshot import PolicyError
from gateway.store.errors import meant
from gateway.store.parameters_entry import KEY
from gateway.store.resources import Resource
from gateway.store.written_file import Lines, WrittenFile

LONGEST_LINE = 65_536

_BATCH = 10_000

Kind = Literal["text", "list", "json"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column: how its cells are read, and whether an entry needs it."""

    name: str
    kind: Kind
    required: bool

    def read(self, cell: str) -> Any:
        """What a cell says; what cannot be read is left for the entry to refuse."""
        if self.kind == "text":
            return cell
        if self.kind == "list" and not cell.startswith("["):
            return cell.split()
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell

    def write(self, value: Any) -> str:
        """The cell that says this value."""
        if value is None:
            return ""
        if self.kind == "list" and value and all(map(_is_word, value)):
            return " ".join(value)
        return str(value) if self.kind == "text" else json.dumps(value, ensure_ascii=False)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and len(value.split()) == 1 and not value.startswith("[")


def fields(kind: Resource) -> dict[str, Field]:
    """The columns a resource's entries have, by name; those that every entry needs come first."""
    schema = kind.entry.model_json_schema()
    required = schema.get("required", ())
    described = schema["properties"]
    names = sorted(described, key=lambda name: name not in required)
    return {name: Field(name, _kind(described[name]), name in required) for name in names}


def _kind(described: Mapping[str, Any]) -> Kind:
    types = {each.get("type") for each in (described, *described.get("anyOf", ()))}
    return "text" if "string" in types else "list" if "array" in types else "json"


def read(file: BufferedIOBase, name: str, kind: Resource, progress: Callable[[int], None]) -> WrittenFile:
    """The document in a file called `name`; PolicyError with every row that is none, and its line."""
    entries: list[dict[str, Any]] = []
    lines: Lines = {}
    errors: list[str] = []
    rows = csv.reader(text_lines(file, name), strict=True)
    try:
        columns = _columns(next(rows, []), kind, name)
        for row in rows:
            if len(row) == len(columns):
                lines[kind.name, len(entries)] = rows.line_num
                entries.append(dict(_cells(columns, row)))
            elif row:
                errors.append(f"{name}:{rows.line_num}: {len(row)} cells, but {len(columns)} columns")
            if not rows.line_num % _BATCH:
                progress(rows.line_num)
    except csv.Error as error:
        errors.append(f"{name}:{rows.line_num}: not CSV: {error}")
    if errors:
        raise PolicyError(errors)
    return WrittenFile(name, _document(kind, entries, name), lines)


def _cells(columns: Iterable[Field], row: Iterable[str]) -> Iterator[tuple[str, Any]]:
    for column, cell in zip(columns, row, strict=True):
        if cell or column.required:
            yield column.name, column.read(cell)


def _columns(header: list[str], kind: Resource, name: str) -> list[Field]:
    known = fields(kind)
    names = [column.strip() for column in header]
    errors = [
        f"{name}:1: column {column!r} stands twice" for column, count in Counter(names).items() if count > 1
    ]
    for column in names:
        if column not in known:
            errors.append(f"{name}:1: unknown column {column[:40]!r}; {meant(column, known)}")
    if not names:
        errors.append(f"{name}: empty; write the names of the columns first: {', '.join(known)}")
    if errors:
        raise PolicyError(errors)
    return [known[column] for column in names]


def _document(kind: Resource, entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    if kind.name != KEY:
        return {kind.name: entries}
    if len(entries) != 1:
        raise PolicyError([f"{name}: {len(entries)} rows; there is one row of parameters"])
    return {KEY: entries[0]}


def text_lines(file: BufferedIOBase, name: str) -> Iterator[str]:
    """The lines of a file with their ends; PolicyError for one that is too long or no UTF-8."""
    place = 0
    while line := file.readline(LONGEST_LINE + 1):
        place += 1
        if len(line) > LONGEST_LINE:
            raise PolicyError([f"{name}:{place}: longer than {LONGEST_LINE} bytes; write an entry a line"])
        try:
            yield line.decode("utf-8-sig" if place == 1 else "utf-8")
        except UnicodeDecodeError:
            raise PolicyError([f"{name}:{place}: not UTF-8"]) from None


def row(values: Iterable[str]) -> str:
    """A row as it is written, without its end."""
    cells = _Line()
    csv.writer(cells, lineterminator="\n").writerow(values)
    return cells.text.removesuffix("\n")


class _Line:
    """What the csv module writes to."""

    text = ""

    def write(self, text: str) -> None:
        self.text += text
