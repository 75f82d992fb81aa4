"""Which methods an address has: what `Allow` says where a request came with another one (RFC 9110 §15.5.6).

Starlette tells those of the first route that fits, though the routes of one address stand apart here, one a method.
"""

from __future__ import annotations

from fastapi import Request
from starlette.routing import Match

_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def allowed(request: Request) -> str:
    """The methods of the address that was asked for, as `Allow` lists them."""
    return ", ".join(method for method in _METHODS if _is_served(request, method))


def _is_served(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes)
