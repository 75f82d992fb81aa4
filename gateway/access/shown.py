"""What a request shows of its sender, who that makes it, and why it may be nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.access.principal import Principal


@dataclass(frozen=True, slots=True)
class Shown:
    """The credentials of one request. `bearer`: the token's text; `session`: the cookie's; `address`: the sender's;
    `subject`: the common name of a client certificate that TLS has verified."""

    address: str
    bearer: str | None = None
    session: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Identified:
    """Who sent a request. `csrf`: what its changes must show too, for a browser sends its cookie along unasked."""

    principal: Principal
    csrf: str | None = None


class Unknown(Exception):
    """Nobody who is known; `reason` is kebab-case and tells no stranger what exists."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Doorkeeper(Protocol):
    """Whoever knows who a request is from, answered from memory."""

    def identify(self, shown: Shown, now: float) -> Identified:
        """Who sent this; raises Unknown where that is nobody known. now: epoch seconds."""
