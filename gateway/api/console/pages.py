"""How a page is made: its template, who looks at it, what that one may do, and headers that leave a browser nothing to guess.

A template escapes whatever it is given. No page holds a script or a style of its own, so the policy in `HEADERS` can forbid
both, and what a stranger wrote into a call stays text whatever it looks like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.access.permissions import Permission
from gateway.access.principal import Principal
from gateway.access.shown import Identified
from gateway.api.console import shown, static
from gateway.api.console.said import SAID
from gateway.version import version

PREFIX = "/console"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_ENVIRONMENT = Environment(
    loader=PackageLoader("gateway.api.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters |= shown.FILTERS
_ENVIRONMENT.globals |= {"static": static.url, "version": version()}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page; csrf: what forms of this session must send back."""

    principal: Principal
    csrf: str

    def may(self, permission: str) -> bool:
        """Whether this one may do such things; `permission` by its value, as templates write it."""
        return self.principal.may(Permission(permission))


def viewer(request: Request) -> Viewer | None:
    """Who sent a request, None where nobody known did, or nobody was asked to be known."""
    found: Identified | None = getattr(request.state, "identified", None)
    if found is None:
        return None
    return Viewer(found.principal, found.session.csrf if found.session else "")


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page made of a template; `said` in the address names what was just done."""
    said = SAID.get(request.query_params.get("said", ""))
    context = {
        "viewer": viewer(request),
        "path": request.url.path,
        "said": said,
        "query": request.query_params,
    }
    text = _ENVIRONMENT.get_template(template).render(context | values)
    return HTMLResponse(text, status, headers=HEADERS)


def redirect(path: str, **query: str | None) -> RedirectResponse:
    """Go on to another page of the console by GET, after something was done."""
    return RedirectResponse(address(path, query), 303, headers={"Cache-Control": "no-store"})


def address(path: str, query: Mapping[str, str | None]) -> str:
    """The address of a page, with what is asked of it."""
    asked = urlencode({name: value for name, value in query.items() if value is not None})
    return f"{PREFIX}{path}" + (f"?{asked}" if asked else "")
