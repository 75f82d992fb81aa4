"""Who may use a route: each asks for one permission, or is on the list of those that are open to everybody.

An application with a route that does neither is not made (`check_routes`). A request is identified once, from its bearer
token, its session cookie, its client certificate or its address, in this order; a credential that is shown and is wrong
is refused, and the next one is not looked at.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from gateway.access.permissions import Permission
from gateway.access.principal import Principal
from gateway.access.shown import Identified, Shown, Unknown
from gateway.api.forms import form, is_form
from gateway.api.sidecar import Sidecar

PUBLIC = frozenset({"/healthz", "/certs/{name}.pem", "/login", "/static"})
"""Paths of the routes that anybody may use."""

COOKIES = ("__Host-stirgw", "stirgw")
"""The session cookie's name: under TLS, and without."""

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class NotAllowed(Exception):
    """A request of somebody unknown (401), or known and not permitted (403); becomes its answer at the door."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.status, self.reason, self.detail = status, reason, detail


@dataclass(frozen=True, slots=True)
class Requirement:
    """The dependency of a route that asks for one permission."""

    permission: Permission

    async def __call__(self, request: Request) -> None:
        found = identified(request)
        if not found.principal.may(self.permission):
            raise _short_of(found.principal, self.permission)
        if found.csrf is not None and request.method not in SAFE_METHODS:
            await _check_csrf(request, found.csrf)


def needs(permission: Permission) -> Any:
    """What a route or a router puts among its `dependencies` to be used by those alone who have a permission."""
    return Depends(Requirement(permission))


def identified(request: Request) -> Identified:
    """Who sent a request; raises NotAllowed (401) where that is nobody known."""
    known: Identified | None = getattr(request.state, "identified", None)
    if known is None:
        known = request.state.identified = _identify(request)
    return known


def principal(request: Request) -> Principal:
    """Who sent a request; raises NotAllowed (401) where that is nobody known."""
    return identified(request).principal


def check_routes(routes: Iterable[BaseRoute]) -> None:
    """Raise ValueError for an application with a route that does not say who may use it, or says it twice."""
    for path, method, requirements in requirements_of(routes):
        if len(requirements) != (path not in PUBLIC):
            raise ValueError(
                f"{method} {path} asks for {len(requirements)} permissions; "
                "do: give it one needs(...), or list it in PUBLIC"
            )


def requirements_of(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str, tuple[Permission, ...]]]:
    """Each route's path and method, and the permissions it asks for."""
    for route in iter_route_contexts(list(routes)):
        dependant = getattr(route, "dependant", None)
        calls = [each.call for each in dependant.dependencies] if dependant else [route.endpoint]
        asked = tuple(call.permission for call in calls if isinstance(call, Requirement))
        for method in sorted(route.methods or {"GET"}):
            yield route.path_format or route.path or "", method, asked


def _identify(request: Request) -> Identified:
    sidecar: Sidecar = request.app.state.sidecar
    if sidecar.access is None:
        raise NotAllowed(401, "nobody-known", "this process knows nobody")
    try:
        return sidecar.access.identify(_shown(request), sidecar.now())
    except Unknown as unknown:
        raise NotAllowed(
            401, unknown.reason, "show a bearer token, a session or a client certificate"
        ) from None


def _shown(request: Request) -> Shown:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme and scheme.lower() != "bearer":
        raise NotAllowed(401, "scheme-unknown", "Authorization is understood as `Bearer TOKEN` alone")
    cookies = request.cookies if "cookie" in request.headers else {}
    return Shown(
        address=request.client.host if request.client else "",
        bearer=bearer.strip() if scheme else None,
        session=next((cookies[name] for name in COOKIES if name in cookies), None),
    )


def _short_of(who: Principal, permission: Permission) -> NotAllowed:
    if who.kind == "address":  # it has shown nothing yet
        return NotAllowed(401, "credential-missing", "show a bearer token, a session or a client certificate")
    return NotAllowed(403, "permission-missing", f"{who.who} has no permission {permission.value!r}")


async def _check_csrf(request: Request, wanted: str) -> None:
    shown = request.headers.get(CSRF_HEADER) or await _csrf_field(request)
    if not hmac.compare_digest(shown.encode(), wanted.encode()):
        raise NotAllowed(403, "csrf-mismatch", f"a change needs the session's token in {CSRF_HEADER}")


async def _csrf_field(request: Request) -> str:
    return (await form(request)).get(CSRF_FIELD, "") if is_form(request) else ""
