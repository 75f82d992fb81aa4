"""How long the body of a request may be on its way: who sends it drop by drop holds a place that others need."""

from __future__ import annotations

import asyncio
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
            receive = _Bounded(receive, asyncio.get_running_loop().time() + self.seconds)
        await self.app(scope, receive, send)


@dataclass(slots=True)
class _Bounded:
    """What comes of one request; until: by when, on the loop's clock."""

    receive: Receive
    until: float
    is_whole: bool = False

    async def __call__(self) -> Message:
        """The next message; TooSlow."""
        if self.is_whole:  # who asks on waits for the client to leave
            return await self.receive()
        try:
            async with asyncio.timeout_at(self.until):
                message = await self.receive()
        except TimeoutError:
            raise TooSlow from None
        self.until += len(message.get("body", b"")) / BYTES_A_SECOND
        self.is_whole = not message.get("more_body", False)
        return message
