"""The rim: what files and requests say becomes types here, once, and every mistake is told in one go.

`Strict` models refuse unknown keys and never change; `complaints` turns pydantic's errors into lines a person
can act on, each with its dotted path and, for a misspelt key, the one that was probably meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)

from gateway.stir.tn import NumberPlan

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def anchored(path: Path, info: ValidationInfo) -> Path:
    """A relative path starts at the folder of the file that it is written in."""
    return path if info.context is None else info.context["folder"] / path


AnchoredPath = Annotated[Path, AfterValidator(anchored)]
"""A path in a file."""


class Strict(BaseModel):
    """A model that refuses keys it does not know and cannot be changed once made.

    What stands in quotes below a field describes it to people who see its form or its schema.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def seconds(value: object) -> float:
    """A duration as it is written; ValueError for what is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write a duration with its unit, like "500ms", "30s", "5m" or "1h"')
    return float(found[1]) * _UNITS[found[2]]


Duration = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+([.][0-9]+)?(ms|s|m|h|d)$", "examples": ["30s"]}),
]
"""Seconds, written with a unit."""

Count = Annotated[int, Field(strict=True, ge=0)]
"""A whole number, never negative, never text."""


def _network(value: object) -> IPv4Network | IPv6Network:
    if not isinstance(value, str):
        raise ValueError('write an address or a network as text, like "192.0.2.1" or "2001:db8::/64"')
    return ip_network(value)


NetworkText = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
"""An address or a network, written as text."""


def _country(value: str) -> str:
    NumberPlan.of(value)  # raises ValueError for a country it does not know
    return value


Country = Annotated[str, AfterValidator(_country)]
"""A country's ISO 3166 code, whose numbering plan is known."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake: where it stands (keys and indexes, outermost first) and what is wrong with it."""

    path: tuple[str | int, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.dotted}: {self.text}" if self.path else self.text

    @property
    def dotted(self) -> str:
        """The path as people write it: `peers[2].next_hops[0]`."""
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return "".join(parts).removeprefix(".")


def complaints(error: ValidationError, model: type[BaseModel]) -> Iterator[Complaint]:
    """Every mistake pydantic found while it validated `model`."""
    details = error.errors(include_url=False, include_input=False)
    paths = [tuple(detail["loc"]) for detail in details]
    for detail, path in zip(details, paths, strict=True):
        if detail["type"] == "too_short" and any(path == other[: len(path)] != other for other in paths):
            continue  # pydantic counts the items that were good
        if detail["type"] == "extra_forbidden":
            yield Complaint(path, _unknown(str(path[-1]), _known_keys(model, path[:-1])))
        else:
            yield Complaint(path, detail["msg"].removeprefix("Value error, "))


def _unknown(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"unknown key; {hint}"


def _known_keys(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    for part in path:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if isinstance(part, str) and part in fields:
            model = next(_models_in(fields[part].annotation), model)
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
