"""One's own page: another password, and the second factor."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.access.permissions import Permission
from gateway.access.totp import provisioning_uri
from gateway.api.authorisation import NotAllowed, needs, principal
from gateway.api.console.errors import pages
from gateway.api.console.pages import page, redirect
from gateway.api.console.picture import qr
from gateway.api.console.query import Texts
from gateway.api.forms import form
from gateway.api.log_in import change_password, drop_totp, logged_in, offer_totp, take_totp
from gateway.api.problems import Unfit
from gateway.api.sidecar import Sidecar

Form = Annotated[dict[str, str], Depends(form)]


def router(sidecar: Sidecar) -> APIRouter:
    """A user's own page. Whoever came with a token has none, and is told so."""
    routes = pages("/console/me", [needs(Permission.READ)])

    @routes.get("")
    async def me(request: Request) -> Response:
        return _page(sidecar, request)

    @routes.post("/password")
    async def password(request: Request, fields: Form) -> Response:
        if fields.get("wanted", "") != fields.get("again", ""):
            return _page(sidecar, request, "password", "The new password was not written the same twice.")
        changed = change_password(request, sidecar, fields.get("present", ""), fields.get("wanted", ""))
        return await _done(sidecar, request, changed, "password", "password-changed")

    @routes.post("/totp/offer")
    async def offer(request: Request) -> Response:
        offer_totp(request, sidecar)
        return redirect("/me")

    @routes.post("/totp/take")
    async def take(request: Request, fields: Form) -> Response:
        taken = take_totp(request, sidecar, fields.get("password", ""), fields.get("code", ""))
        return await _done(sidecar, request, taken, "totp", "totp-on")

    @routes.post("/totp/drop")
    async def drop(request: Request, fields: Form) -> Response:
        dropped = drop_totp(request, sidecar, fields.get("password", ""), fields.get("code", ""))
        return await _done(sidecar, request, dropped, "totp", "totp-off")

    return routes


async def _done(
    sidecar: Sidecar, request: Request, change: Awaitable[None], part: str, said: str
) -> Response:
    """Make a change of one's own; what is wrong with it is told at its part of the page."""
    try:
        await change
    except (NotAllowed, Unfit) as error:
        detail = error.detail
        return _page(sidecar, request, part, f"{detail[:1].upper()}{detail[1:]}.", error.status)
    return redirect("/me", said=said)


def _page(sidecar: Sidecar, request: Request, part: str = "", wrong: str = "", status: int = 422) -> Response:
    if principal(request).kind != "user":
        return page(request, "me.html", user=None)
    user, session = logged_in(request, sidecar)
    offered = session.offered_totp
    return page(
        request,
        "me.html",
        status if wrong else 200,
        user=user,
        limits=sidecar.logins().sessions.time_outs(user),
        offered=offered,
        picture=qr(provisioning_uri(offered, user.name)) if offered else None,
        wrong=Texts({part: wrong}),
    )
