"""The page on which one logs in. What it sends goes to `POST /login`, which sends the browser on."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.api.authorisation import public
from gateway.api.console.errors import pages
from gateway.api.console.pages import page
from gateway.api.me import local_path
from gateway.api.refusals import LOGIN

_FAILED = {
    "log-in-refused": "Name, password or code is not right.",
    "locked-out": "There were too many failures. Wait, or ask an admin.",
    "too-many-requests": "Too many log in at once. Try again in a moment.",
    "foreign-site": "Log in from this page, not from another site.",
}
"""By the reason that `POST /login` sends back with; none else is shown."""


def router() -> APIRouter:
    """The log-in page."""
    routes = pages()

    @routes.get(LOGIN, dependencies=[public()])
    async def ask(request: Request) -> Response:
        asked = request.query_params
        wait = asked.get("wait", "")
        return page(
            request,
            "login.html",
            failed=_FAILED.get(asked.get("failed", ""), ""),
            wait=int(wait) if wait.isascii() and wait.isdecimal() and len(wait) < 6 else 0,
            next=local_path(asked.get("next", "")),
        )

    return routes
