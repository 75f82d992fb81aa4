"""Users, tokens and sessions, for admins. A password or a token that was made up here is shown on one page, once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from gateway.access.permissions import Permission, Role
from gateway.api.authorisation import needs
from gateway.api.console.errors import pages
from gateway.api.console.pages import page, redirect
from gateway.api.console.query import Asked, Texts, Wrong, filled_in
from gateway.api.forms import form
from gateway.api.problems import Unfit
from gateway.api.sessions import close_session, session_records
from gateway.api.sidecar import Sidecar
from gateway.api.tokens import NewToken, add_token, cancel_token, token_records
from gateway.api.users import (
    NewUser,
    UserChange,
    add_user,
    alter_user,
    drop_user,
    user_records,
)
from gateway.store.errors import Conflict

Form = Annotated[dict[str, str], Depends(form)]

_CHANGES: Mapping[str, UserChange] = {
    "disable": UserChange(enabled=False),
    "enable": UserChange(enabled=True),
    "forget-totp": UserChange(totp=None),
    **{f"make-{role.value}": UserChange(role=role) for role in Role},
}
"""By the name of the button."""


def router(sidecar: Sidecar) -> APIRouter:
    """Who may do what, and who is logged in."""
    routes = pages("/console/access", [needs(Permission.ACCESS)])

    @routes.get("")
    async def everybody(request: Request) -> Response:
        return await _page(sidecar, request)

    _add_users(routes, sidecar)
    _add_tokens(routes, sidecar)

    @routes.post("/sessions/{id}/end")
    def end(request: Request, id: str) -> Response:
        close_session(request, sidecar, id)
        return redirect("/access", said="session-ended")

    return routes


def _add_users(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.post("/users")
    async def add(request: Request, fields: Form) -> Response:
        asked = _chosen(NewUser, fields, ("name", "role"))
        if asked.value is None:
            return await _page(sidecar, request, "user", asked)
        try:
            made = await add_user(request, sidecar, asked.value)
        except (Conflict, Unfit) as error:
            return await _page(sidecar, request, "user", _wrong(asked, error))
        return page(request, "told_once.html", what="user", name=made.name, secret=made.password)

    @routes.post("/users/{name}/change")
    async def change(request: Request, name: str, fields: Form) -> Response:
        wanted = _CHANGES.get(fields.get("to", ""))
        if wanted is None:
            raise Unfit(400, "there is no such change of a user")
        await alter_user(request, sidecar, name, wanted)
        return redirect("/access", said="user-changed")

    @routes.post("/users/{name}/remove")
    async def remove(request: Request, name: str) -> Response:
        await drop_user(request, sidecar, name)
        return redirect("/access", said="user-removed")


def _add_tokens(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.post("/tokens")
    async def make(request: Request, fields: Form) -> Response:
        permissions = [each.value for each in Permission if fields.get(f"may-{each.value}")]
        asked = _chosen(NewToken, fields, ("name", "lasts"), {"permissions": permissions})
        if asked.value is None:
            return await _page(sidecar, request, "token", asked)
        try:
            made = await add_token(request, sidecar, asked.value)
        except Conflict as error:
            return await _page(sidecar, request, "token", _wrong(asked, error))
        return page(request, "told_once.html", what="token", name=made.name, secret=made.token)

    @routes.post("/tokens/{id}/revoke")
    async def revoke(request: Request, id: str) -> Response:
        await cancel_token(request, sidecar, id)
        return redirect("/access", said="token-revoked")


def _chosen(
    model: Any, fields: Mapping[str, str], names: tuple[str, ...], instead: Mapping[str, object] | None = None
) -> Asked[Any]:
    return filled_in(model, {name: fields.get(name, "") for name in names}, instead)


def _wrong(asked: Asked[Any], error: Exception) -> Asked[Any]:
    return Asked(asked.filled, None, Wrong(name=[str(error)]))


async def _page(
    sidecar: Sidecar, request: Request, part: str = "", asked: Asked[Any] | None = None
) -> Response:
    """Everybody; with what was filled in at one part of the page, and is wrong."""
    nothing: Asked[Any] = Asked(Texts(), None)
    return page(
        request,
        "access.html",
        422 if asked else 200,
        users=await asyncio.to_thread(user_records, sidecar),
        tokens=await asyncio.to_thread(token_records, sidecar),
        sessions=session_records(sidecar),
        roles=[role.value for role in Role],
        permissions=[each.value for each in Permission],
        user=asked if asked and part == "user" else nothing,
        token=asked if asked and part == "token" else nothing,
    )
