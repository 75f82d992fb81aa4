"""The form of any kind of entry, made from the description of its fields: what is drawn, and what was filled in.

A form has text alone. Here it becomes an entry as TOML or JSON would have it; whether that is a good one, the store says.
Nested tables become groups of fields, `permits.premium`, under the names that the store's complaints use. What nests deeper
is written as TOML. This file does no I/O.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from gateway.store import toml_file
from gateway.store.resources import Resource

Kind = Literal["text", "number", "switch", "choice", "lines", "tables", "table"]
"""tables: one TOML table a line. table: one TOML assignment a line."""

_is_whole = re.compile(r"-?[0-9]{1,18}").fullmatch
_INDEX = re.compile(r"\[(\d+)\](?:\.(.*))?")

_TOML_EXAMPLES = {
    "lists": '{ group = "nuisance", party = "callee", kind = "black" }',
    "tell.display": 'A = "[V] "',
    "tell.number_prefix": 'failed = "999"',
    "tell.next_hops": 'failed = ["udp:192.0.2.7:5062"]',
}
"""What may be written where the description has no example."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. path: as complaints name it. default: what leaving it out means."""

    path: str
    name: str
    kind: Kind
    about: str
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()
    example: str = ""

    @property
    def is_long(self) -> bool:
        """Whether it takes several lines."""
        return self.kind in ("lines", "tables", "table")

    def shown(self, written: Any) -> str:
        """A value as the field shows it."""
        if written is None:
            return ""
        match self.kind:
            case "switch":
                return "true" if written else "false"
            case "lines":
                return "\n".join(map(str, written))
            case "tables":
                return "\n".join(_inline(each) for each in written)
            case "table":
                return "\n".join(toml_file.assignments(written))
            case _:
                return str(written)

    def read(self, text: str) -> Any:
        """What was filled in, as an entry is written; None where it is left out. ValueError for what is no TOML."""
        text = text.replace("\r\n", "\n")
        match self.kind:
            case "lines":
                return [line.strip() for line in text.splitlines() if line.strip()]
            case "tables":
                return [
                    _table(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()
                ]
            case "table":
                return _toml(text)
            case "text":
                is_text = self.required or self.default == ""
                return text.strip() if is_text else text.strip() or None
        text = text.strip()
        if self.kind == "switch" and text in ("true", "false"):
            return text == "true"
        return int(text) if self.kind == "number" and _is_whole(text) else text or None


@dataclass(frozen=True, slots=True)
class Group:
    """Fields of one nested table. optional: the table is left out where all are as they would be anyway."""

    path: str
    name: str
    about: str
    optional: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class EntryForm:
    """The form of one kind of entry."""

    fields: tuple[Field, ...]
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, resource: Resource) -> EntryForm:
        """The form of a resource's entries, without what is never told with them."""
        schema = _described(resource.entry)
        hidden = {name for name, field in resource.entry.model_fields.items() if field.exclude}
        properties = {name: each for name, each in schema["properties"].items() if name not in hidden}
        nested = {name for name, each in properties.items() if "properties" in _plain(each)}
        plain = {**schema, "properties": {k: v for k, v in properties.items() if k not in nested}}
        groups = (_group(name, properties[name]) for name in properties if name in nested)
        return cls(_ordered(_fields(plain, "")), tuple(groups))

    def every(self) -> Iterator[Field]:
        """All fields, in order."""
        yield from self.fields
        for group in self.groups:
            yield from group.fields

    def shown(self, written: Mapping[str, Any]) -> dict[str, str]:
        """The text of each field by its path, for an entry as it is written."""
        return {field.path: field.shown(_value(field, written)) for field in self.every()}

    def read(self, filled: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """The entry that was filled in, and what is wrong with fields that cannot be read at all, by path."""
        wrong: dict[str, str] = {}
        entry = _read(self.fields, filled, wrong)
        for group in self.groups:
            values = {
                name.rpartition(".")[2]: value for name, value in _read(group.fields, filled, wrong).items()
            }
            if not group.optional or _says_something(group, values):
                entry[group.path] = values
        return entry, wrong

    def placed(self, mistakes: Iterable[tuple[str, str]]) -> tuple[dict[str, list[str]], list[str]]:
        """Complaints (path, text) by the field or group they belong to, and those that belong to none."""
        paths = sorted(
            [field.path for field in self.every()] + [group.path for group in self.groups],
            key=len,
            reverse=True,
        )
        found: dict[str, list[str]] = {}
        rest = []
        for path, text in mistakes:
            place = next(
                (each for each in paths if path == each or path.startswith((f"{each}[", f"{each}."))), None
            )
            if place is None:
                rest.append(f"{path}: {text}" if path else text)
            else:
                found.setdefault(place, []).append(_in_lines(path[len(place) :], text))
        return found, rest


def _described(entry: type[BaseModel]) -> Any:
    """The JSON schema of a kind of entries, its parts in place and defaults as they are written."""
    schema = entry.model_json_schema(mode="serialization")
    parts = schema.pop("$defs", {})

    def inlined(node: Any) -> Any:
        if isinstance(node, dict):
            found = inlined(parts[node["$ref"].rpartition("/")[2]]) if "$ref" in node else {}
            return found | {key: inlined(value) for key, value in node.items() if key != "$ref"}
        return [inlined(each) for each in node] if isinstance(node, list) else node

    return inlined(schema)


def _group(name: str, described: Mapping[str, Any]) -> Group:
    table = _plain(described)
    about = described.get("description") or table.get("description", "")
    return Group(name, _label(name), about, table is not described, tuple(_fields(table, f"{name}.")))


def _fields(schema: Mapping[str, Any], before: str) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, described in schema["properties"].items():
        plain = _plain(described)
        kind, choices = _kind(plain)
        path = before + name
        examples = plain.get("examples") or plain.get("items", {}).get("examples") or [""]
        yield Field(
            path=path,
            name=_label(name),
            kind=kind,
            about=described.get("description", ""),
            required=name in required,
            default=described.get("default"),
            choices=choices,
            example=_TOML_EXAMPLES.get(path, str(examples[0])),
        )


def _ordered(fields: Iterable[Field]) -> tuple[Field, ...]:
    """What must be filled in comes first."""
    return tuple(sorted(fields, key=lambda field: (not field.required, field.is_long and not field.required)))


def _plain(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """The description of a value that is there."""
    choices: Sequence[Mapping[str, Any]] = described.get("anyOf", [described])
    return next(each for each in choices if each.get("type") != "null")


def _kind(plain: Mapping[str, Any]) -> tuple[Kind, tuple[str, ...]]:
    if "enum" in plain:
        return "choice", tuple(plain["enum"])
    match plain["type"]:
        case "array":
            return ("tables" if plain["items"].get("type") == "object" else "lines"), ()
        case "object":
            return "table", ()
        case "boolean":
            return "switch", ("true", "false")
        case "integer" | "number":
            return "number", ()
        case _:
            return "text", ()


def _label(name: str) -> str:
    """VOS3000's names stay as they are."""
    return name if name.startswith("SS_") else name.replace("_", " ")


def _value(field: Field, written: Mapping[str, Any]) -> Any:
    group, _, name = field.path.rpartition(".")
    if not group:
        return written.get(name, field.default)
    inside = written.get(group)
    return inside.get(name, field.default) if isinstance(inside, Mapping) else field.default


def _read(fields: Iterable[Field], filled: Mapping[str, str], wrong: dict[str, str]) -> dict[str, Any]:
    found = {}
    for field in fields:
        try:
            value = field.read(filled.get(field.path, ""))
        except ValueError as error:
            wrong[field.path] = str(error)
            continue
        if value is not None:
            found[field.path] = value
    return found


def _says_something(group: Group, values: Mapping[str, Any]) -> bool:
    """Whether a table differs from what its absence means."""
    usual = {field.path.rpartition(".")[2]: field.default for field in group.fields}
    return any(
        value != usual[name] and not (value in ({}, []) and not usual[name]) for name, value in values.items()
    )


def _inline(written: Mapping[str, Any]) -> str:
    (line,) = toml_file.assignments({"x": _without_nothing(written)})
    return line.removeprefix("x = ")


def _without_nothing(written: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if value is not None}


def _table(line: str, number: int) -> Any:
    try:
        return tomllib.loads(f"x = {line}")["x"]
    except tomllib.TOMLDecodeError:
        raise ValueError(f"line {number} is no TOML table; write it like {_TOML_EXAMPLES['lists']}") from None


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from None


def _in_lines(rest: str, text: str) -> str:
    """A complaint about the third item of a list is one about line 3."""
    found = _INDEX.fullmatch(rest)
    if found is None:
        return f"{rest.removeprefix('.')}: {text}" if rest else text
    what = f"{found[2]}: " if found[2] else ""
    return f"line {int(found[1]) + 1}: {what}{text}"
