"""JSON that can be read in one way only: each name stands once in its object, numbers are JSON's, text is text."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def loads(body: bytes) -> object:
    """The value of a JSON text in UTF-8; raises ValueError, with a text for the client, for anything else."""
    try:
        text = body.decode("utf-8")
        found: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_not_json)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no character
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        raise ValueError("not JSON, or a name in it stands twice") from None
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return members


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
