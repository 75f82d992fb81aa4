"""How the API describes itself where FastAPI cannot know: bodies that operations read themselves, and errors."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel


class Application(FastAPI):
    """An application whose operations answer with problems, and never in FastAPI's own form of a 422."""

    def openapi(self) -> dict[str, Any]:
        """The description, without the answer that FastAPI promises of every operation with a parameter."""
        described = super().openapi()
        for methods in described["paths"].values():
            for operation in methods.values():
                if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                    del operation["responses"]["422"]
        return described


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
