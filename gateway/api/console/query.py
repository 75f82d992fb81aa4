"""What a page is asked for behind the `?` of its address, as the REST API would be: what is left blank in a form is not asked
for, and a mistake is told at its field instead of taking the page away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from pydantic import BaseModel, ValidationError

Query = TypeVar("Query", bound=BaseModel)

_SAID = "said"
"""Names what was just done, on any page."""


class Texts(dict[str, str]):
    """Fields by name; one that was not filled in is blank."""

    def __missing__(self, _name: str) -> str:
        return ""


class Wrong(dict[str, list[str]]):
    """What is wrong, by field; with one that is not named, nothing."""

    def __missing__(self, _name: str) -> list[str]:
        return []


@dataclass(frozen=True, slots=True)
class Asked(Generic[Query]):
    """A query: filled: its texts as they were written. value: None where there are mistakes (by field)."""

    filled: Texts
    value: Query | None
    mistakes: Wrong = field(default_factory=Wrong)

    def with_(self, **more: str | None) -> str:
        """The same query with something else in it, for an address; None takes away."""
        return urlencode({name: text for name, text in {**self.filled, **more}.items() if text is not None})


def asked(model: type[Query], request: Request, ours: tuple[str, ...] = ()) -> Asked[Query]:
    """The query of a page; `ours`: parameters that speak to the page itself."""
    pairs = request.query_params.items()
    return filled_in(model, {name: text for name, text in pairs if name not in (_SAID, *ours)})


def filled_in(
    model: type[Query], fields: Mapping[str, str], instead: Mapping[str, object] | None = None
) -> Asked[Query]:
    """What the fields of a form say; `instead`: values of those that are no plain text."""
    filled = Texts({name: text.strip() for name, text in fields.items() if text.strip()})
    try:
        return Asked(filled, model.model_validate({**filled, **(instead or {})}))
    except ValidationError as error:
        return Asked(filled, None, _by_field(error))


def _by_field(error: ValidationError) -> Wrong:
    found = Wrong()
    for detail in error.errors(include_url=False, include_input=False):
        place = str(detail["loc"][0]) if detail["loc"] else ""
        found.setdefault(place, []).append(detail["msg"].removeprefix("Value error, "))
    return found
