"""Models in the API's description: each stands once, among the components, under its own name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

JSON = "application/json"

_MODELS = "#/components/schemas/{model}"


def component(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model for an operation's own description.

    It brings the model and its parts along, under `$defs`; the application moves them to the components.
    """
    return {"$ref": _MODELS.format(model=model.__name__), "$defs": dict(_parts(model))}


@cache  # most operations name the same few models
def _parts(model: type[BaseModel]) -> Mapping[str, Any]:
    """The schemas of a model and of its parts, by name."""
    schema = model.model_json_schema(ref_template=_MODELS)
    parts = schema.pop("$defs", {})
    return {**parts, model.__name__: schema}
