"""What an ACME server says, as types (RFC 8555 §7.1, RFC 9447 §3). What is missing is invalid; what is more is passed over.

This file does no I/O. URLs in answers are followed, so each must be as safe as a configured one.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gateway.acme.failure import AcmeFailed, printable
from gateway.acme.settings import safe_url

Url = Annotated[str, Field(max_length=2048), AfterValidator(safe_url)]

_URN = "urn:ietf:params:acme:error:"


class Answer(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(frozen=True)


class Problem(Answer):
    """Why the server says no (RFC 8555 §6.7)."""

    type: str = ""
    detail: str = ""

    @property
    def kind(self) -> str:
        """The last part of its URN, such as badNonce; empty for other kinds of errors."""
        return self.type.removeprefix(_URN) if self.type.startswith(_URN) else ""

    def __str__(self) -> str:
        return printable(": ".join(filter(None, (self.kind, self.detail)))) or "no reason given"


class Directory(Answer):
    """Where everything is."""

    new_nonce: Url = Field(alias="newNonce")
    new_account: Url = Field(alias="newAccount")
    new_order: Url = Field(alias="newOrder")


class Challenge(Answer):
    """One way to show that we may have what we ordered."""

    type: str
    url: Url
    status: str
    subtype: str = Field(default="", alias="tkauth-type")
    error: Problem | None = None


class Authorization(Answer):
    """Whether we may have it."""

    status: str
    challenges: tuple[Challenge, ...]

    @property
    def by_token(self) -> Challenge | None:
        """The challenge that an authority token answers (RFC 9447 §3)."""
        return next((c for c in self.challenges if (c.type, c.subtype) == ("tkauth-01", "atc")), None)


class Order(Answer):
    """How an order stands. Ours name one identifier, so there is one authorization."""

    status: str
    authorizations: Annotated[tuple[Url, ...], Field(min_length=1, max_length=1)]
    finalize: Url
    certificate: Url | None = None
    expires: AwareDatetime | None = None
    error: Problem | None = None


Kind = TypeVar("Kind", bound=Answer)


def read(kind: type[Kind], body: bytes) -> Kind:
    """The answer in `body`; raises AcmeFailed (bad-answer) with what is wrong with it."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(each) for each in first["loc"])
        text = f"the ACME server's {kind.__name__.lower()} cannot be read: {where}: {first['msg']}"
        raise AcmeFailed("bad-answer", printable(text)) from None
