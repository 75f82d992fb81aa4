"""The parameters as one entry, of which there is exactly one: the policy's country, and VOS3000's parameters under their
public names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field, create_model

from gateway.policy.parameters import NAMES, Parameters
from gateway.rim import Country
from gateway.store.entry import Entry

KEY = "parameters"


class ParametersValues(Entry):
    """The country; `ParametersEntry` has a field for each parameter beside it."""

    country: Country = "US"

    @property
    def key(self) -> str:
        """There is one."""
        return KEY

    def value(self) -> Parameters:
        """The parameters it describes."""
        return Parameters.of(self.model_dump(by_alias=True, exclude={"country"}))


def _field(short: str) -> tuple[Any, Any]:
    """The field of one parameter, which its own rule checks."""
    public = NAMES[short]
    default = Parameters().public()[public]
    checked = AfterValidator(_check(public))
    return Annotated[type(default), Field(strict=True), checked], Field(default=default, alias=public)


def _check(public: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        try:
            Parameters.of({public: value})
        except ValueError as error:
            raise ValueError(str(error).removeprefix(f"{public}: ")) from None
        return value

    return check


_FIELDS: dict[str, Any] = {short: _field(short) for short in NAMES}

ParametersEntry = create_model(
    "ParametersEntry",
    __base__=ParametersValues,
    __doc__="`[parameters]`, and the `country` that numbers are read in where no entry says otherwise.",
    **_FIELDS,
)
