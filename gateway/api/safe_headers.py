"""What every answer says to those between here and there, unless it says otherwise itself: keep no copy, and guess no type."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


@dataclass(frozen=True, slots=True)
class SafeHeaders:
    """An application whose answers have these headers."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = dict(message["headers"])
                message["headers"] += [each for each in _HEADERS if each[0] not in said]
            await send(message)

        await self.app(scope, receive, told)
