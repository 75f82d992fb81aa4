"""What stands behind the `?` of an address becomes a type here, or a 400 that names every mistake in it.

A parameter nobody knows is a mistake too: a filter that is misspelt would else answer with everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, WithJsonSchema

from gateway.api.headers import Described
from gateway.api.problems import Mistake, Unfit, problems
from gateway.rim import Strict
from gateway.store.written import bounded

Query = TypeVar("Query", bound=BaseModel)

LARGEST_PAGE = 1000

_REFUSED = {str(status): each for status, each in problems({400: "The query is not understood"}).items()}

_BARE_PLUS = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")
_EPOCH = r"^[0-9]{1,12}(\.[0-9]{1,6})?$"
_is_epoch = re.compile(_EPOCH).fullmatch


def _number(text: str) -> str:
    """A "+" that was not written as %2B arrives as a space."""
    return f"+{text[1:]}" if text.startswith(" ") else text


def _moment(text: object) -> float:
    if not isinstance(text, str):
        raise ValueError('write a time as text, like "2027-01-15T08:00:00Z"')
    seconds = float(text) if _is_epoch(text) else _read_time(text).timestamp()
    return bounded(seconds)


def _read_time(text: str) -> datetime:
    """A "+" that was not written as %2B arrives as a space here too."""
    with suppress(ValueError):
        found = datetime.fromisoformat(_BARE_PLUS.sub("+", text))
        if found.tzinfo is not None:
            return found
    raise ValueError('write a time with its zone, like "2027-01-15T08:00:00Z", or epoch seconds')


WrittenNumber = Annotated[str, Field(max_length=64), BeforeValidator(_number)]
"""A telephone number in any form of the country's."""

Moment = Annotated[
    float,
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [{"format": "date-time"}, {"pattern": _EPOCH}],
            "examples": ["2027-01-15T08:00:00Z"],
        }
    ),
]
"""Epoch seconds, written as ISO 8601 with a zone, or as they are."""


def as_time(seconds: float) -> datetime:
    """Epoch seconds as answers tell them."""
    return datetime.fromtimestamp(seconds, UTC)


class Paging(Strict):
    """Which part of a list is wanted."""

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="How many at most.")] = 100
    after: Annotated[str | None, Field(max_length=512, description="`next` of the page before.")] = None


def asked(model: type[Query], request: Request) -> Query:
    """The query of a request as its type; raises Unfit (400) with every mistake."""
    pairs = request.query_params.multi_items()
    try:
        if len(dict(pairs)) < len(pairs):
            raise Unfit(400, "a parameter stands twice in the query")
        return model.model_validate(dict(pairs))
    except ValidationError as error:
        mistakes = list(_mistakes(error, model))
        raise Unfit(400, "; ".join(f"{each.path}: {each.text}" for each in mistakes), mistakes) from None


def parameters(model: type[BaseModel], *headers: Described) -> dict[str, Any]:
    """The part of an operation that says which parameters it knows, and that others are refused."""
    schema = model.model_json_schema()
    required = schema.get("required", ())
    listed = [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": each.pop("description", ""),
            "schema": _present(each),
        }
        for name, each in schema.get("properties", {}).items()
    ]
    return {"parameters": [*listed, *headers], "responses": _REFUSED}


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of what may be left out as it is when it is there: nobody can write null in a query."""
    alternatives: list[dict[str, Any]] = [
        each for each in schema.get("anyOf", ()) if each != {"type": "null"}
    ]
    if len(alternatives) != 1:
        return schema
    rest = {name: each for name, each in schema.items() if name not in ("anyOf", "default")}
    return rest | alternatives[0]


def _mistakes(error: ValidationError, model: type[BaseModel]) -> Iterator[Mistake]:
    known = ", ".join(sorted(field.alias or name for name, field in model.model_fields.items()))
    for detail in error.errors(include_url=False, include_input=False):
        unknown = detail["type"] == "extra_forbidden"
        text = f"unknown parameter; known here: {known or 'none'}" if unknown else detail["msg"]
        path = ".".join(map(str, detail["loc"])) or "query"
        yield Mistake(path=path, text=text.removeprefix("Value error, "))
