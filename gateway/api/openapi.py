"""How the API describes itself where FastAPI cannot know: bodies that operations read themselves, their errors,
permissions, and names that a generated client can be written with.

An operation's id is the name of its function, or the one it is given. Which permission it asks for is what its route says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from gateway.access.permissions import Permission
from gateway.api.authorisation import CSRF_HEADER, requirements_of
from gateway.api.headers import Described, Responses
from gateway.api.models import JSON
from gateway.api.operators_answers import MODELS
from gateway.api.problems import problems
from gateway.api.safe_headers import SafeHeaders
from gateway.api.tags import TAGS

_SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of /v1/tokens: `stirgw_…`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "stirgw",
        "description": f"A session of the console; a change shows its CSRF token too, in {CSRF_HEADER}.",
    },
    "certificate": {"type": "mutualTLS", "description": "A client certificate with a listed subject."},
}
_REFUSALS = problems(
    {
        401: "Nobody who is known",
        403: "Somebody without the permission",
        503: "What is needed for it is away",
    }
)
_TELLS_NOBODY: TelemetryConfig = {"auto_configure": False, "tracing": False, "metrics": False, "logs": False}
"""Else variables of the environment could have requests told to others; and each request is looked at for it."""

_SUCCESS = {"200": "As asked for.", "201": "It was added.", "202": "It is being done.", "204": "It was done."}


class Application(FastAPI):
    """An application whose operations answer with problems, and never in FastAPI's own form of a 422."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            **settings,
            openapi_tags=TAGS,
            redirect_slashes=False,  # which would lead to whatever host the request names
            separate_input_output_schemas=False,  # an entry is read and written in one shape
            telemetry=_TELLS_NOBODY,
            generate_unique_id_function=_operation_id,
        )

    def build_middleware_stack(self) -> ASGIApp:
        """All of it, with the headers of every answer, also of one to an error that nobody expected."""
        return SafeHeaders(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if self.openapi_schema is None:
            described = super().openapi()
            self._add_requirements(described)
            self.openapi_schema = _completed(described)
        return self.openapi_schema

    def _add_requirements(self, described: dict[str, Any]) -> None:
        described.setdefault("components", {})["securitySchemes"] = _SECURITY
        for path, method, asked in requirements_of(self.routes):
            operation = described["paths"].get(path, {}).get(method.lower())
            if operation and asked:
                _add_requirement(operation, asked)


def example(value: object, status: int = 200, headers: Described | None = None) -> Responses:
    """How an operation shows what it answers with, and which headers that has."""
    shown: dict[str, Any] = {"content": {JSON: {"example": value}}}
    return {status: shown | ({"headers": headers} if headers else {})}


def examples(values: Mapping[str, object]) -> Responses:
    """The same with several answers, each by what it shows."""
    shown = {name: {"value": value} for name, value in values.items()}
    return {200: {"content": {JSON: {"examples": shown}}}}


def _add_requirement(operation: dict[str, Any], asked: Sequence[str]) -> None:
    """What an operation asks of whoever uses it."""
    operation["security"] = [{name: []} for name in _SECURITY]
    operation["x-permission"] = asked[0]
    if asked[0] == Permission.STIR:
        return  # these have errors of their own
    for status, refusal in _REFUSALS.items():
        operation["responses"].setdefault(str(status), deepcopy(refusal))


def _operation_id(route: APIRoute) -> str:
    return route.operation_id or route.name


def _completed(described: dict[str, Any]) -> dict[str, Any]:
    schemas = described["components"]["schemas"]
    for operation in _operations(described):
        responses = operation["responses"]
        if JSON in responses.get("422", {}).get("content", {}):
            del responses["422"]  # FastAPI promises it of every operation with a parameter
        for status, response in responses.items():
            _show(response.get("content", {}).get(JSON, {}))
            if response["description"] == "Successful Response":
                response["description"] = _SUCCESS[status]
        for name, schema in _parts(operation):
            schemas.setdefault(name, schema)
    for name in schemas.keys() - _needed(described):
        del schemas[name]
    return described


def _show(content: dict[str, Any]) -> None:
    """Give an answer the example of its model, where the operation has none of its own."""
    name = str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
    if name in MODELS and "example" not in content:
        content["example"] = MODELS[name]


def _needed(described: dict[str, Any]) -> set[str]:
    """The models that operations use, and those that are parts of them."""
    schemas, needed, new = described["components"]["schemas"], set[str](), _mentioned(described["paths"])
    while new:
        needed |= new
        new = _mentioned([schemas[name] for name in new]) - needed
    return needed


def _operations(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in described["paths"].values():
        yield from methods.values()


def _parts(node: object) -> Iterator[tuple[str, object]]:
    """The models that stand inside this part of the description; they are taken out of it."""
    if isinstance(node, dict):
        yield from node.pop("$defs", {}).items()
    yield from (part for child in _children(node) for part in _parts(child))


def _mentioned(node: object) -> set[str]:
    """The names of the models that this part of the description refers to."""
    own = {str(node["$ref"]).rpartition("/")[2]} if isinstance(node, dict) and "$ref" in node else set()
    return own.union(*(_mentioned(child) for child in _children(node)))


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []
