"""How the resources under /stir/v1 describe themselves: two dialects on one path, each with its examples.

The alternatives are `anyOf`, for a request may say nothing that only one of the dialects has.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from gateway.api.headers import Responses, header
from gateway.api.models import JSON, component
from gateway.api.stir_errors import TABLE, AtisError, MsError

Examples = dict[str, dict[str, Any]]
"""A request by what it shows."""

ERRORS: Responses = {status: {"model": AtisError | MsError} for status, _ in TABLE.values()}


def described(*models: type[BaseModel], examples: Examples) -> dict[str, Any]:
    """The part of an operation that says what it takes: a body of one of the models, and the headers that are read."""
    shown = {name: {"value": value} for name, value in examples.items()}
    schema = {"anyOf": [component(model) for model in models]}
    return {
        "requestBody": {"required": True, "content": {JSON: {"schema": schema, "examples": shown}}},
        "parameters": [header("X-RequestID", "Echoed in the answer."), header("X-InstanceID", "Who asks.")],
    }
