"""Headers of requests and answers, as operations describe them."""

from __future__ import annotations

from typing import Any

Described = dict[str, Any]
Responses = dict[int | str, Described]

ETAG: Described = {
    "ETag": {
        "description": "The revision of what is answered, for If-Match of a change.",
        "schema": {"type": "string", "pattern": '^"[^"]*"$', "examples": ['"7"']},
    }
}

LOCATION: Described = {
    "Location": {
        "description": "The path of what was added.",
        "schema": {"type": "string", "format": "uri-reference"},
    }
}

RETRY_AFTER: Described = {
    "Retry-After": {
        "description": "Seconds after which another try makes sense, where that is known.",
        "schema": {"type": "integer", "minimum": 0, "examples": [5]},
    }
}


def header(name: str, description: str, **shape: object) -> Described:
    """A header that a request may carry; `shape` is what its text looks like, as JSON schema has it."""
    schema = {"type": "string", **shape}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


IF_KNOWN = header(
    "If-None-Match", "The ETags of what the client has already: 304 where it is one.", examples=['"7"']
)
IF_MATCH = header(
    "If-Match",
    "The ETag of what is to be changed, or `*`: it must be there. Else 412.",
    pattern='^([*]|"[0-9]{1,18}")$',
    examples=['"7"'],
)
IF_NEW = header("If-None-Match", "`*`: only if there is none yet. Else 412.", enum=["*"])

NOT_MODIFIED: Responses = {304: {"description": "The client has it already.", "headers": ETAG}}
"""The answer to a request whose If-None-Match names what is there."""
