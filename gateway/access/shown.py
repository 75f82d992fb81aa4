"""What a request shows of its sender, who that makes it, and why it may be nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from gateway.access.permissions import Permission
from gateway.access.principal import Principal
from gateway.access.sessions import Session


@dataclass(frozen=True, slots=True)
class Shown:
    """The credentials of one request. `bearer`: the token's text; `session`: the cookie's; `address`: the sender's;
    `subject`: the common name of a client certificate that TLS has verified; `unasked`: it is a page's own request, of
    which nobody need know."""

    address: str
    bearer: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    subject: str | None = None
    unasked: bool = False


@dataclass(frozen=True, slots=True)
class Identified:
    """Who sent a request; `session` where it came with one, for then a change must show its `csrf` too."""

    principal: Principal
    session: Session | None = None


class Unknown(Exception):
    """Nobody who is known; `reason` is kebab-case and tells no stranger what exists."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooMany(Exception):
    """Requests that come too fast; `wait`: seconds until one is in order."""

    def __init__(self, wait: float) -> None:
        super().__init__("too-many-requests")
        self.wait = wait


class Doorkeeper(Protocol):
    """Whoever knows who a request is from, answered from memory."""

    def identify(self, shown: Shown, now: float) -> Identified:
        """Who sent this; raises Unknown where that is nobody known. now: epoch seconds."""

    def admit(self, shown: Shown, principal: Principal | None, permission: Permission, now: float) -> None:
        """Count a request; raises TooMany."""

    def admit_anybody(self, address: str, now: float) -> None:
        """Count a request for what is public; raises TooMany."""
