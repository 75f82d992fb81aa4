"""How the resources under /stir/v1 describe themselves: two dialects on one path, each with its examples.

The alternatives are `anyOf`, for a request may say nothing that only one of the dialects has.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from gateway.api.openapi import inline_schema
from gateway.api.stir_errors import TABLE, MsError, RequestError
from gateway.api.stir_http import JSON

Examples = dict[str, dict[str, Any]]
"""A request by what it shows."""

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": RequestError | MsError} for status, _ in TABLE.values()
}


def described(*models: type[BaseModel], examples: Examples) -> dict[str, Any]:
    """The part of an operation that says what it takes: a body of one of the models, and the headers that are read."""
    shown = {name: {"value": value} for name, value in examples.items()}
    schema = {"anyOf": [inline_schema(model) for model in models]}
    return {
        "requestBody": {"required": True, "content": {JSON: {"schema": schema, "examples": shown}}},
        "parameters": [_header("X-RequestID", "Echoed in the answer."), _header("X-InstanceID", "Who asks.")],
    }


def _header(name: str, description: str) -> dict[str, object]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
