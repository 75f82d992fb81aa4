"""How the API describes itself where FastAPI cannot know: bodies that operations read themselves, their errors, and names
that a generated client can be written with.

An operation's id is the name of its function, or the one it is given. A model stands once, among the components, under
its own name; `component` brings it there from wherever an operation mentions it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from gateway.api.headers import Described, Responses
from gateway.api.tags import TAGS

JSON = "application/json"

_MODELS = "#/components/schemas/{model}"
_SUCCESS = {"200": "As asked for.", "201": "It was added.", "204": "It was done."}


class Application(FastAPI):
    """An application whose operations answer with problems, and never in FastAPI's own form of a 422."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            **settings,
            openapi_tags=TAGS,
            separate_input_output_schemas=False,  # an entry is read and written in one shape
            generate_unique_id_function=_operation_id,
        )

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _completed(super().openapi())
        return self.openapi_schema


def component(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model for an operation's own description; it and its parts are listed among the components."""
    schema = model.model_json_schema(ref_template=_MODELS)
    parts = schema.pop("$defs", {})
    return {"$ref": _MODELS.format(model=model.__name__), "$defs": parts | {model.__name__: schema}}


def example(value: object, status: int = 200, headers: Described | None = None) -> Responses:
    """How an operation shows what it answers with, and which headers that has."""
    shown: dict[str, Any] = {"content": {JSON: {"example": value}}}
    return {status: shown | ({"headers": headers} if headers else {})}


def examples(values: Mapping[str, object]) -> Responses:
    """The same with several answers, each by what it shows."""
    shown = {name: {"value": value} for name, value in values.items()}
    return {200: {"content": {JSON: {"examples": shown}}}}


def _operation_id(route: APIRoute) -> str:
    return route.operation_id or route.name


def _completed(described: dict[str, Any]) -> dict[str, Any]:
    schemas = described["components"]["schemas"]
    for operation in _operations(described):
        responses = operation["responses"]
        if JSON in responses.get("422", {}).get("content", {}):
            del responses["422"]  # FastAPI promises it of every operation with a parameter
        for status, response in responses.items():
            if response["description"] == "Successful Response":
                response["description"] = _SUCCESS[status]
        for name, schema in _parts(operation):
            schemas.setdefault(name, schema)
    for name in schemas.keys() - _needed(described):
        del schemas[name]
    return described


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
