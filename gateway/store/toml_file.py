"""The policy as TOML: `[[peers]]`, `[[number-sections]]` and so on, `[parameters]`, and `country` at the top."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.policy.snapshot import PolicyError
from gateway.store.written_file import Lines, WrittenFile

_HEADER = re.compile(r"^[ \t]*(\[\[?)[ \t]*[\"']?([A-Za-z-]+)[\"']?[ \t]*\]\]?[ \t]*(?:#|$)", re.MULTILINE)
_is_bare = re.compile(r"[A-Za-z0-9_-]+").fullmatch
_ESCAPED = {'"': '\\"', "\\": "\\\\"}


def read(content: bytes, name: str) -> WrittenFile:
    """The document in the bytes of the file called `name`; PolicyError if it is not TOML."""
    try:
        text = content.decode("utf-8-sig")
        return WrittenFile(name, tomllib.loads(text), _lines(text))
    except (ValueError, RecursionError) as error:
        raise PolicyError([f"{name}: not TOML: {error}"]) from None


def _lines(text: str) -> Lines:
    """The line each `[[table]]` entry begins on, by table and index, and each `[table]`."""
    lines: Lines = {}
    counts: dict[str, int] = {}
    line, seen = 1, 0
    for found in _HEADER.finditer(text):
        line += text.count("\n", seen, found.start())
        seen = found.start()
        if found[1] == "[":
            lines[found[2],] = line
            continue
        index = counts.get(found[2], 0)
        counts[found[2]] = index + 1
        lines[found[2], index] = line
    return lines


def table(name: str, values: Mapping[str, Any], *, one_of_many: bool) -> Iterator[str]:
    """The lines of a table as it is written."""
    yield f"[[{name}]]" if one_of_many else f"[{name}]"
    yield from assignments(values)
    yield ""


def assignments(values: Mapping[str, Any]) -> Iterator[str]:
    """`key = value` lines; what is None is left out."""
    for key, value in values.items():
        if value is not None:
            yield f"{_key(key)} = {_value(value)}"


def long_list(key: str, texts: Iterable[str]) -> Iterator[str]:
    """A list of texts, a line each."""
    yield f"{_key(key)} = ["
    for text in texts:
        yield f"  {_value(text)},"
    yield "]"


def _key(key: str) -> str:
    return key if _is_bare(key) else _value(key)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case Mapping():
            inside = (f"{_key(key)} = {_value(each)}" for key, each in value.items() if each is not None)
            return f"{{ {', '.join(inside)} }}" if value else "{}"
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return f'"{"".join(map(_escaped, str(value)))}"'


def _escaped(sign: str) -> str:
    if sign in _ESCAPED:
        return _ESCAPED[sign]
    return (
        sign
        if sign.isprintable()
        else f"\\u{ord(sign):04x}"
        if ord(sign) < 0x10000
        else f"\\U{ord(sign):08x}"
    )
