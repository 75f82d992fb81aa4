"""How long the body of a request may be on its way: who sends it drop by drop holds a place that others need.

A timer for each request would cost more than the request is worth. The protocol (`gateway.api.listening`) wakes whoever waits
for more of a body every second; whether that has lasted too long is seen here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS, BYTES_A_SECOND = 30.0, 16_384
"""A body has so many seconds, and one more for so many bytes that have come: a quick upload may be long."""


class TooSlow(Exception):
    """A body that did not come in time; becomes its answer (408) at the door."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Middleware that ends a request whose body does not come."""

    app: ASGIApp
    seconds: float = SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            clock = asyncio.get_running_loop().time
            receive = _Bounded(receive, clock, clock() + self.seconds)
        await self.app(scope, receive, send)


@dataclass(slots=True)
class _Bounded:
    """What comes of one request; until: by when, on that clock."""

    receive: Receive
    clock: Callable[[], float]
    until: float

    async def __call__(self) -> Message:
        """The next message; TooSlow."""
        message = await self.receive()
        if message.get("more_body"):
            self.until += len(message["body"]) / BYTES_A_SECOND
            if self.clock() > self.until:
                raise TooSlow
        return message
