"""The JSON body of a request becomes a type here, or a problem: bounded, of one meaning, every mistake told at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from gateway.api import strict_json
from gateway.api.headers import Described
from gateway.api.models import JSON, component
from gateway.api.problems import Mistake, Unfit, problems
from gateway.rim import complaints

LONGEST_BODY = 1_048_576
"""Bytes of a body that is read whole."""

Model = TypeVar("Model", bound=BaseModel)


async def json_body(request: Request) -> object:
    """The JSON value that a request carries; raises Unfit (400, 413 or 415) for anything else."""
    check_type(request, JSON)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise Unfit(413, f"a body has {LONGEST_BODY} bytes at most")
    try:
        return strict_json.loads(bytes(body))
    except ValueError as error:
        raise Unfit(400, f"the body cannot be read: {error}") from None


def check_type(request: Request, *wanted: str) -> None:
    """Raise Unfit (415) for a body of another media type.

    None of those wanted may be one that a web page can send to another site unasked (CORS calls them safelisted).
    """
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in wanted:
        raise Unfit(415, f"send a body as {' or '.join(wanted)}, and say so in Content-Type")


def validated(model: type[Model], body: object, context: Mapping[str, Any] | None = None) -> Model:
    """The body as its type; raises Unfit (422) with every mistake and where it stands."""
    try:
        return model.model_validate(body, context=dict(context or {}))
    except ValidationError as error:
        mistakes = [Mistake(path=each.dotted, text=each.text) for each in complaints(error, model)]
        raise Unfit(422, counted(mistakes), mistakes) from None


def counted(mistakes: list[Mistake]) -> str:
    """How many mistakes there are, for people."""
    return "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"


def described(model: type[BaseModel], example: object, *headers: Described) -> dict[str, Any]:
    """The part of an operation that says which body and headers it takes, and what becomes of one that cannot be read."""
    content = {JSON: {"schema": component(model), "example": example}}
    return {
        "requestBody": {"required": True, "content": content},
        "responses": _unreadable(),
        "parameters": list(headers),
    }


def _unreadable() -> dict[str, Any]:
    told = {
        400: "It cannot be read",
        408: "It did not come in time",
        413: f"It has more than {LONGEST_BODY} bytes",
        415: f"It is no {JSON}",
    }
    return {str(status): each for status, each in problems(told).items()}
