"""How the API describes itself where FastAPI cannot know: bodies that operations read themselves, errors, permissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from gateway.api.authorisation import CSRF_HEADER, requirements_of
from gateway.api.problems import problems

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
_REFUSALS = problems({401: "Nobody who is known", 403: "Somebody without the permission"})


class Application(FastAPI):
    """An application whose operations answer with problems, and never in FastAPI's own form of a 422."""

    def openapi(self) -> dict[str, Any]:
        """The description, without the answer that FastAPI promises of every operation with a parameter."""
        if self.openapi_schema:
            return self.openapi_schema
        described = super().openapi()
        described.setdefault("components", {})["securitySchemes"] = _SECURITY
        for methods in described["paths"].values():
            for operation in methods.values():
                if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                    del operation["responses"]["422"]
        for path, method, asked in requirements_of(self.routes):
            operation = described["paths"].get(path, {}).get(method.lower())
            if operation and asked:
                _add_requirement(operation, asked)
        return described


def _add_requirement(operation: dict[str, Any], asked: Sequence[str]) -> None:
    """What an operation asks of whoever uses it."""
    operation["security"] = [{name: []} for name in _SECURITY]
    operation["x-permission"] = asked[0]
    for status, refusal in _REFUSALS.items():
        operation["responses"].setdefault(str(status), refusal)


def inline_schema(model: type[BaseModel]) -> dict[str, object]:
    """The model's JSON schema with its parts in place, so that it stands alone inside an operation."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def inlined(node: object) -> object:
        if isinstance(node, dict):
            if "$ref" in node:
                return inlined(parts[node["$ref"].rpartition("/")[2]])
            return {key: inlined(value) for key, value in node.items()}
        return [inlined(each) for each in node] if isinstance(node, list) else node

    return {key: inlined(value) for key, value in schema.items()}
