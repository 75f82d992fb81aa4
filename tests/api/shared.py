"""One application for many tests, each of which asks it in a world of its own.

To make one takes a third of a second, and all that a test changes is its sidecar's, which is looked up with every request. What
an application keeps for itself is shared by them, as it is by clients: the last uploads. Who tests /metrics, which is collected
apart from requests, makes an application by `create_app`.
"""

from contextvars import ContextVar
from functools import cache
from typing import Any, cast

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.app import create_app
from gateway.api.sidecar import Sidecar

_world: ContextVar[Sidecar] = ContextVar("world")


class _Whichever:
    """The sidecar that the request under way is about; there is none while the application is made."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_world.get(), name)

    def now(self) -> float:
        """Its clock, for those that keep one."""
        return _world.get().now()


@cache
def _application() -> FastAPI:
    return create_app(cast(Sidecar, _Whichever()))


def asked_in(world: Sidecar) -> ASGIApp:
    """The application, asked about this sidecar."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        _world.set(world)
        await _application()(scope, receive, send)

    return application
