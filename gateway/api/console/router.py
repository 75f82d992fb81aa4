"""Every page of the console, as one router: a route of a page answers its errors with a page."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.console import (
    access,
    audit,
    blacklist,
    calls,
    certificates,
    explain,
    keys,
    login,
    me,
    nodes,
    numbers,
    overview,
    policy_entries,
    policy_lists,
    static,
)
from gateway.api.console.errors import pages
from gateway.api.console.pages import PREFIX
from gateway.api.sidecar import Sidecar
from gateway.api.uploads import Uploads
from gateway.store.errors import NotThere


def router(sidecar: Sidecar, running: Uploads) -> APIRouter:
    """The console; `running` are the uploads that REST tells of too."""
    whole = pages()
    whole.include_router(static.router())
    whole.include_router(login.router())
    families = (overview, calls, explain, blacklist, audit, certificates, keys, nodes, me, access)
    for family in families:
        whole.include_router(family.router(sidecar))
    whole.include_router(numbers.router(sidecar, running))
    whole.include_router(policy_entries.router(sidecar))
    whole.include_router(policy_lists.router(sidecar))
    _add_ends(whole)
    return whole


def _add_ends(routes: APIRouter) -> None:
    """The way in, and what is no page."""

    @routes.get("/", dependencies=[needs(Permission.READ)])
    async def way_in() -> Response:
        return RedirectResponse(PREFIX, 303)

    @routes.get(f"{PREFIX}/{{rest:path}}", dependencies=[needs(Permission.READ)])
    async def nothing(request: Request, rest: str) -> Response:
        raise NotThere("there is no such page")
