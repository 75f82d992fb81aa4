"""An entry: one thing an operator writes, in the one shape that it has in TOML, in JSON and in a row of CSV.

It is known by its key among those of its kind. What an entry alone cannot know (that an account exists, that sections
do not overlap) is checked when the whole policy is.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Any, Self

from pydantic import model_validator

from gateway.policy.parameters import Parameters
from gateway.rim import Strict
from gateway.stir.tn import NumberPlan

Row = dict[str, Any]
"""The values of a table's columns."""

_ANY_PLAN = {"plan": NumberPlan.of("US")}


class Entry(Strict):
    """What all kinds of entries have in common; `name` is the key of those that do not say otherwise."""

    @property
    def key(self) -> str:
        """What it is known by among its kind."""
        return str(getattr(self, "name"))  # noqa: B009 - the kinds whose key it is have one

    def written(self, *, brief: bool = False) -> dict[str, Any]:
        """Its shape in TOML and JSON; `brief` leaves out what is as it would be anyway."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=brief)

    def completed(self, _parameters: Parameters, _now: float) -> Self:
        """The entry with what is settled when it is stored."""
        return self

    def row(self) -> Row:
        """Its values by column; those without a column of their own are left to the caller."""
        return self.written()

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        """The entry that `row` was made of: it was good when it was written, in whatever country."""
        written = {**row, **row.get("more", {})}
        own = {name: written[name] for name in _names(cls) if name in written}
        return cls.model_validate(own, context=_ANY_PLAN)


@cache
def _names(kind: type[Entry]) -> tuple[str, ...]:
    """What the fields of a kind of entries are called outside."""
    return tuple(field.alias or name for name, field in kind.model_fields.items())


class PureEntry(Entry):
    """An entry that is a pure value by itself; what the value refuses, the entry refuses."""

    @abstractmethod
    def value(self) -> object:
        """The value it describes; ValueError if it describes none."""

    @classmethod
    def value_of(cls, row: Mapping[str, Any]) -> object:
        """The value of the entry that `row` was made of.

        A kind with thousands of entries makes it of the columns, without the entry: what is in them was checked when it
        was written.
        """
        return cls.of_row(row).value()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.value()
        return self
