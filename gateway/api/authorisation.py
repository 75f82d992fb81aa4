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
from gateway.access.sessions import Session
from gateway.access.shown import Doorkeeper, Identified, Shown, TooMany, Unknown
from gateway.api.cookies import session_secret
from gateway.api.forms import form, is_form
from gateway.api.sidecar import Sidecar

PUBLIC = frozenset({"/healthz", "/certs/{name}.pem", "/login", "/v1/login", "/console/static/{name}"})
"""Paths of the routes that anybody may use."""

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
REFRESH_HEADER = "X-Refresh"
"""Sent by a page that refreshes itself: nobody has asked, so it keeps no session alive and is sent on to no other page."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_FOREIGN = frozenset({"cross-site", "same-site"})

_SHOW = "show a bearer token, a session or a client certificate"


class NotAllowed(Exception):
    """A request of somebody unknown (401), not permitted (403) or too fast (429); becomes its answer at the door.

    wait: seconds until it may be tried again, where that is known.
    """

    def __init__(self, status: int, reason: str, detail: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.status, self.reason, self.detail, self.wait = status, reason, detail, wait


@dataclass(frozen=True, slots=True)
class Requirement:
    """The dependency of a route that asks for one permission."""

    permission: Permission

    async def __call__(self, request: Request) -> None:
        """Let the request pass, or raise NotAllowed."""
        found = _admitted(request, self.permission)
        if not found.principal.may(self.permission):
            raise _short_of(found.principal, self.permission)
        if request.method in SAFE_METHODS:
            return
        if found.session is not None:
            await check_csrf(request, found.session)
        elif found.principal.kind == "certificate":  # a browser shows it whatever page has it send something
            check_origin(request)


def needs(permission: Permission) -> Any:
    """What a route or a router puts among its `dependencies` to be used by those alone who have a permission."""
    return Depends(Requirement(permission))


def public() -> Any:
    """What a route has among its `dependencies` that anybody may use: not more often than so many times a second."""
    return Depends(_admit_anybody)


def principal(request: Request) -> Principal:
    """Who sent a request that has passed its route's requirement."""
    return identified(request).principal


def session(request: Request) -> Session | None:
    """The session that such a request came with, None where it came with something else."""
    return identified(request).session


def identified(request: Request) -> Identified:
    """Who sent a request that has passed its route's requirement, and how we know."""
    found: Identified = request.state.identified
    return found


async def check_csrf(request: Request, found: Session) -> None:
    """Raise NotAllowed (403) for a change that a page of another site may have sent."""
    wanted, shown = found.csrf, request.headers.get(CSRF_HEADER, "")
    if not shown and is_form(request):
        shown = (await form(request)).get(CSRF_FIELD, "")
    if not hmac.compare_digest(shown.encode("utf-8", "surrogatepass"), wanted.encode()):
        text = f"a change needs the session's token, in the header {CSRF_HEADER} or the field {CSRF_FIELD}"
        raise NotAllowed(403, "csrf-mismatch", text)


def check_site(request: Request) -> None:
    """Raise NotAllowed (403) for what a page of another site has a browser send, where the browser says so."""
    if request.headers.get("sec-fetch-site", "") in _FOREIGN:
        raise NotAllowed(403, "foreign-site", "send it from a page of this gateway")


def check_origin(request: Request) -> None:
    """The same, and by Origin, which browsers have sent for longer; programs send neither."""
    check_site(request)
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host', '')}":
        raise NotAllowed(403, "foreign-site", "send it from a page of this gateway")


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
        endpoint = getattr(route.endpoint, "requirement", None)
        calls = [each.call for each in dependant.dependencies] if dependant else [endpoint]
        asked = tuple(call.permission for call in calls if isinstance(call, Requirement))
        for method in sorted(route.methods or {"GET"}):
            yield route.path_format or route.path or "", method, asked


def _admitted(request: Request, permission: Permission) -> Identified:
    """Who sent a request, counted; what nobody known sends is counted by address."""
    shown, access, now = _shown(request), _doorkeeper(request), _now(request)
    try:
        try:
            found = access.identify(shown, now)
        except Unknown as unknown:
            access.admit(shown, None, permission, now)
            raise NotAllowed(401, unknown.reason, _SHOW) from None
        access.admit(shown, found.principal, permission, now)
    except TooMany as too_many:
        raise _too_often(too_many) from None
    request.state.identified = found
    return found


async def _admit_anybody(request: Request) -> None:
    """Count a request for what is public; NotAllowed (429)."""
    access: Doorkeeper | None = request.app.state.sidecar.access
    try:
        if access is not None:
            access.admit_anybody(request.client.host if request.client else "", _now(request))
    except TooMany as too_many:
        raise _too_often(too_many) from None


def _too_often(too_many: TooMany) -> NotAllowed:
    return NotAllowed(429, "too-many-requests", "ask less often", too_many.wait)


def _doorkeeper(request: Request) -> Doorkeeper:
    sidecar: Sidecar = request.app.state.sidecar
    if sidecar.access is None:
        raise NotAllowed(401, "nobody-known", "this process knows nobody")
    return sidecar.access


def _now(request: Request) -> float:
    now: float = request.app.state.sidecar.now()
    return now


def _shown(request: Request) -> Shown:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme and scheme.lower() != "bearer":
        raise NotAllowed(401, "scheme-unknown", "Authorization is understood as `Bearer TOKEN` alone")
    secret = session_secret(request)
    return Shown(
        address=request.client.host if request.client else "",
        bearer=bearer.strip() if scheme else None,
        session=secret,
        subject=getattr(request.state, "client_subject", None),
        unasked=secret is not None and request.method in SAFE_METHODS and REFRESH_HEADER in request.headers,
    )


def _short_of(who: Principal, permission: Permission) -> NotAllowed:
    if who.kind == "address":  # it has shown nothing yet
        return NotAllowed(401, "credential-missing", _SHOW)
    return NotAllowed(403, "permission-missing", f"{who.who} has no permission {permission.value!r}")
