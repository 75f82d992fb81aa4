"""`/v1/login`, `/v1/logout` and `/v1/me`: a user's own session, password and second factor. `POST /login` and `/logout` do
the same for a page's form."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field

from gateway.access.permissions import Permission
from gateway.access.rules import TimeOuts
from gateway.access.sessions import Session
from gateway.access.totp import provisioning_uri
from gateway.access.users import User
from gateway.api.authorisation import NotAllowed, identified, needs, public
from gateway.api.body import described, json_body, validated
from gateway.api.forms import form
from gateway.api.log_in import (
    change_password,
    drop_totp,
    log_in,
    log_out,
    logged_in,
    offer_totp,
    show_session,
    take_totp,
)
from gateway.api.problems import problems
from gateway.api.refusals import LOGIN
from gateway.api.sidecar import Sidecar
from gateway.rim import Strict

Secret = Annotated[str, Field(min_length=1, max_length=1024)]
Code = Annotated[str, Field(max_length=16, description="What the authenticator shows.")]
Body = Annotated[object, Depends(json_body)]

_REFUSED = problems({401: "Not let in", 422: "Something is missing", 429: "Too many failures, or too fast"})
_CHANGED = problems(
    {
        409: "Nothing was offered, or there is a second factor already",
        422: "It is not good",
        429: "Too many failures",
        503: "The database is away",
    }
)


class Credentials(Strict):
    """What a user shows to log in."""

    name: Annotated[str, Field(max_length=64)]
    password: Secret
    code: Code = ""


class NewPassword(Strict):
    """The password that a user has, and the one that is wanted."""

    present: Secret
    wanted: Secret


class Confirmation(Strict):
    """The password once more, and a code of the authenticator."""

    password: Secret
    code: Code


class Me(BaseModel):
    """Who asks, and what that may do; `csrf` goes along with every change that is made with the session's cookie."""

    who: str = Field(examples=["user:alice"])
    permissions: list[Permission]
    csrf: str | None = None
    idle_seconds: float | None = Field(default=None, description="After so long without a request it ends.")
    seconds: float | None = Field(default=None, description="It ends so long after it began in any case.")
    totp: bool | None = Field(default=None, description="Whether there is a second factor.")


class Offer(BaseModel):
    """A second factor that is not yet in force; the authenticator reads `uri`."""

    secret: str
    uri: str


def router(sidecar: Sidecar) -> APIRouter:
    """A user's own session."""
    routes = APIRouter(tags=["me"])
    _add_session(routes, sidecar)
    _add_forms(routes, sidecar)
    _add_own(routes, sidecar)
    return routes


def _add_session(routes: APIRouter, sidecar: Sidecar) -> None:
    example = {"name": "alice", "password": "correct horse battery staple", "code": "123456"}

    @routes.post(
        "/v1/login",
        dependencies=[public()],
        summary="Log in",
        response_model=Me,
        responses=_REFUSED,
        openapi_extra=described(Credentials, example),
    )
    async def sign_in(request: Request, body: Body) -> JSONResponse:
        shown = validated(Credentials, body)
        begun = await log_in(request, sidecar, shown.name, shown.password, shown.code)
        user = sidecar.logins().directory().users[begun.user]
        response = JSONResponse(_of_session(sidecar, user, begun).model_dump(mode="json"))
        show_session(request, response)
        return response

    @routes.post(
        "/v1/logout", dependencies=[needs(Permission.READ)], status_code=204, summary="End one's session"
    )
    async def sign_out(request: Request) -> Response:
        response = Response(status_code=204)
        await log_out(request, response, sidecar)
        return response

    @routes.get("/v1/me", dependencies=[needs(Permission.READ)], summary="Who am I, and what may I do?")
    async def get_me(request: Request) -> Me:
        found = identified(request)
        if found.session is None:
            return Me(who=found.principal.who, permissions=sorted(found.principal.permissions))
        return _of_session(sidecar, *logged_in(request, sidecar))


def _add_forms(routes: APIRouter, sidecar: Sidecar) -> None:
    """What a page sends; it is sent on to another page (RFC 9110 §15.4.4)."""

    @routes.post("/login", include_in_schema=False, dependencies=[public()])
    async def sign_in(request: Request) -> Response:
        fields = await form(request)
        target = local_path(fields.get("next", ""))
        try:
            await log_in(
                request, sidecar, fields.get("name", ""), fields.get("password", ""), fields.get("code", "")
            )
        except NotAllowed as refused:
            wait = f"&wait={refused.wait:.0f}" if refused.wait else ""
            place = f"{LOGIN}?failed={refused.reason}{wait}&next={quote(target, safe='/')}"
            return RedirectResponse(place, status_code=303)
        response = RedirectResponse(target, status_code=303)
        show_session(request, response)
        return response

    @routes.post("/logout", dependencies=[needs(Permission.READ)], include_in_schema=False)
    async def sign_out(request: Request) -> Response:
        response = RedirectResponse(f"{LOGIN}?said=logged-out", status_code=303)
        await log_out(request, response, sidecar)
        return response


def _add_own(routes: APIRouter, sidecar: Sidecar) -> None:
    own: dict[str, Any] = {"dependencies": [needs(Permission.READ)], "responses": _CHANGED}
    passwords = {"present": "correct horse battery staple", "wanted": "another horse, same battery"}
    confirmed = {"password": "correct horse battery staple", "code": "123456"}

    @routes.put(
        "/v1/me/password",
        status_code=204,
        summary="Change one's password",
        openapi_extra=described(NewPassword, passwords),
        **own,
    )
    async def put_password(request: Request, body: Body) -> Response:
        logged_in(request, sidecar)
        asked = validated(NewPassword, body)
        await change_password(request, sidecar, asked.present, asked.wanted)
        return Response(status_code=204)

    @routes.post("/v1/me/totp", summary="Be offered a second factor, where there is none", **own)
    async def offer_second_factor(request: Request) -> Offer:
        secret = offer_totp(request, sidecar)
        user, _ = logged_in(request, sidecar)
        return Offer(secret=secret, uri=provisioning_uri(secret, user.name))

    @routes.put(
        "/v1/me/totp",
        status_code=204,
        summary="Put the second factor that was offered in force",
        openapi_extra=described(Confirmation, confirmed),
        **own,
    )
    async def confirm_second_factor(request: Request, body: Body) -> Response:
        logged_in(request, sidecar)
        asked = validated(Confirmation, body)
        await take_totp(request, sidecar, asked.password, asked.code)
        return Response(status_code=204)

    @routes.post(
        "/v1/me/totp/drop",
        status_code=204,
        summary="Do without a second factor",
        openapi_extra=described(Confirmation, confirmed),
        **own,
    )
    async def drop_second_factor(request: Request, body: Body) -> Response:
        logged_in(request, sidecar)
        asked = validated(Confirmation, body)
        await drop_totp(request, sidecar, asked.password, asked.code)
        return Response(status_code=204)


def local_path(text: str) -> str:
    """Where a page goes after a log-in: a path of this gateway, whatever somebody has written into the address."""
    is_local = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if is_local and text.isascii() and text.isprintable() else "/"


def _of_session(sidecar: Sidecar, user: User, session: Session) -> Me:
    limits: TimeOuts = sidecar.logins().sessions.time_outs(user)
    return Me(
        who=user.principal.who,
        permissions=sorted(user.principal.permissions),
        csrf=session.csrf,
        idle_seconds=limits.idle,
        seconds=limits.absolute,
        totp=user.totp is not None,
    )
