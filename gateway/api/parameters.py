"""The parameters of requests under /stir/v1, of either dialect: text and numbers that become types once, or an error.

A number to be signed comes in canonical form and only loses its separators. A number to be compared with a token is
kept as it is written, "+" and all, for the numbering plan to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from gateway.api.stir_errors import StirError
from gateway.stir.identity import split_all
from gateway.stir.received import MOST_DESTINATIONS
from gateway.stir.verification import MOST_IDENTITIES

_SEPARATORS = str.maketrans("", "", "+.-()")
_LONGEST_WRITTEN = 64

Model = TypeVar("Model", bound=BaseModel)


def _number(text: str) -> str:
    digits = text.translate(_SEPARATORS)
    if not re.fullmatch(r"[0-9*#]{1,15}", digits):
        raise ValueError("must be 1 to 15 of 0-9 * #, with + . - ( ) between them")
    return digits


def _written(text: str) -> str:
    if not re.fullmatch(r"[0-9*#+.()-]*[0-9*#][0-9*#+.()-]*", text[: _LONGEST_WRITTEN + 1]):
        raise ValueError("must be of 0-9 * # with + . - ( ) between them")
    if len(text) > _LONGEST_WRITTEN:
        raise ValueError(f"must not have more than {_LONGEST_WRITTEN} characters")
    return text


def _shaped(pattern: str) -> Any:
    """What the description says of a number, which a function checks, for a mistake to have a text for people."""
    return Field(json_schema_extra={"pattern": pattern, "examples": ["12155551212"]})


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("must be a UUID") from None


Number = Annotated[str, _shaped("^[+.()-]*([0-9*#][+.()-]*){1,15}$"), AfterValidator(_number)]
"""A number to be signed, without its separators."""

WrittenNumber = Annotated[
    str, _shaped(f"^(?=.*[0-9*#])[0-9*#+.()-]{{1,{_LONGEST_WRITTEN}}}$"), AfterValidator(_written)
]
"""A number that somebody signalled, as written."""

Text = Annotated[str, Field(max_length=1024)]
"""What is passed along, or is to be read as a URI."""

Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"}), AfterValidator(_uuid)]

OneOrMore = Field(min_length=1, max_length=MOST_DESTINATIONS)
"""Of a list of numbers; verifiers refuse a token with more."""

EpochSeconds = Annotated[int, Field(strict=True, gt=0, examples=[1471375418])]


def identity_values(lines: Iterable[str]) -> list[str]:
    """The values of some Identity headers, of which an empty one is none.

    One more than are looked at says that there are too many; the rest would only be answered for.
    """
    return split_all(line for line in lines if line.strip())[: MOST_IDENTITIES + 1]


def validated(model: type[Model], body: object) -> Model:
    """The body as its type; raises StirError naming the first parameter that is missing or wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise _parameter_error(error) from None


def _parameter_error(error: ValidationError) -> StirError:
    detail = error.errors(include_url=False, include_input=False)[0]
    name = _dotted(detail["loc"])
    if detail["type"] == "missing":
        return StirError("SVC4001", name)
    return StirError("SVC4005", name or "body", detail["msg"].removeprefix("Value error, "))


def _dotted(path: Iterable[str | int]) -> str:
    return ".".join(map(str, path))
