"""JSON lines: one request an object, one object a line, read with no more trust than anything else that comes in."""

import json
from collections.abc import Set
from typing import Any

_raw_decode = json.JSONDecoder().raw_decode  # json.loads takes four times as long to say the same


class InvalidRequest(ValueError):
    """A line that cannot be answered: the field at fault ("" for the line as a whole) and why, in kebab-case."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


def read(line: bytes, fields: Set[str], longest: int) -> dict[str, Any]:
    """The request on a line; InvalidRequest if it is none.

    fields: the names it may have; a misspelt one is not passed over. longest: bytes. Reasons: too-long, not-json,
    not-an-object, unknown-field.
    """
    if len(line) > longest:
        raise InvalidRequest("", "too-long")
    try:
        text = line.decode("utf-8").strip()
        request, end = _raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("", "not-json") from error
    if end != len(text):
        raise InvalidRequest("", "not-json")
    if not isinstance(request, dict):
        raise InvalidRequest("", "not-an-object")
    if not request.keys() <= fields:
        raise InvalidRequest(min(request.keys() - fields), "unknown-field")
    return request
