"""`/v1/users`: who may log in to the console, made and changed by those who may. A password is told once, where it was made
here, and a secret never."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from gateway.access.permissions import Permission, Role
from gateway.access.users import NAME, User
from gateway.api.authorisation import needs
from gateway.api.body import described, json_body, validated
from gateway.api.granting import check_grant
from gateway.api.log_in import beside, check_fit
from gateway.api.problems import problems
from gateway.api.query import as_time
from gateway.api.sidecar import Sidecar
from gateway.api.who import who
from gateway.rim import Strict
from gateway.store.errors import NotThere

Password = Annotated[str, Field(max_length=1024)]
Body = Annotated[object, Depends(json_body)]

_PASSWORD_BYTES = 15

UserName = Annotated[str, Path(description="The user's name.", examples=["alice"])]


class NewUser(Strict):
    """A user to be made; without a password one is made up and told."""

    name: Annotated[str, Field(pattern=NAME)]
    role: Role
    password: Password | None = None


class UserChange(Strict):
    """What is to be different; what is left out stays. totp null takes the second factor away, for one who has lost it."""

    role: Role | None = None
    enabled: Annotated[bool, Field(strict=True)] | None = None
    password: Password | None = None
    totp: Literal["", None] = ""


class UserRecord(BaseModel):
    """A user."""

    name: str
    role: Role
    enabled: bool
    totp: bool = Field(description="Whether there is a second factor.")
    made_at: datetime


class MadeUser(UserRecord):
    """A new user; `password` where it was made up here."""

    password: str | None


class UserList(BaseModel):
    """Every user."""

    items: list[UserRecord]


def router(sidecar: Sidecar) -> APIRouter:
    """The users."""
    routes = APIRouter(prefix="/v1/users", tags=["users"])
    _add_reading(routes, sidecar)
    _add_changing(routes, sidecar)
    return routes


def _add_reading(routes: APIRouter, sidecar: Sidecar) -> None:
    away = problems({503: "The database is away"})

    @routes.get("", dependencies=[needs(Permission.READ)], summary="Every user", responses=away)
    def list_users() -> UserList:
        return UserList(items=user_records(sidecar))

    @routes.get(
        "/{name}",
        dependencies=[needs(Permission.READ)],
        summary="One user",
        responses=problems({404: "There is none", 503: "The database is away"}),
    )
    def get_user(name: UserName) -> UserRecord:
        return _record(_found(sidecar, name))


def _add_changing(routes: APIRouter, sidecar: Sidecar) -> None:
    wrong = {422: "It is not good", 503: "The database is away"}
    asks: dict[str, Any] = {"dependencies": [needs(Permission.ACCESS)]}

    @routes.post(
        "",
        status_code=201,
        summary="Make a user",
        response_model=MadeUser,
        responses=problems({409: "The name is taken", **wrong}),
        openapi_extra=described(NewUser, {"name": "alice", "role": "operator"}),
        **asks,
    )
    async def create_user(request: Request, body: Body) -> JSONResponse:
        told = await add_user(request, sidecar, validated(NewUser, body))
        headers = {"Location": f"/v1/users/{told.name}", "Cache-Control": "no-store"}
        return JSONResponse(told.model_dump(mode="json"), status_code=201, headers=headers)

    @routes.patch(
        "/{name}",
        summary="Change a user's role, password or second factor, or let nobody log in by it",
        responses=problems({404: "There is none", 409: "It is the last admin", **wrong}),
        openapi_extra=described(UserChange, {"enabled": False}),
        **asks,
    )
    async def change_user(request: Request, name: UserName, body: Body) -> UserRecord:
        return await alter_user(request, sidecar, name, validated(UserChange, body))

    @routes.delete(
        "/{name}",
        status_code=204,
        summary="Take a user away",
        responses=problems({404: "There is none", 409: "It is the last admin", 503: "The database is away"}),
        **asks,
    )
    async def delete_user(request: Request, name: UserName) -> Response:
        await drop_user(request, sidecar, name)
        return Response(status_code=204)


async def add_user(request: Request, sidecar: Sidecar, asked: NewUser) -> MadeUser:
    """Make a user; NotAllowed, Unfit (422), Conflict, StoreGone."""
    check_grant(request, asked.role.permissions)
    made_up = secrets.token_urlsafe(_PASSWORD_BYTES) if asked.password is None else None
    password = await _hashed(sidecar, made_up or asked.password or "", asked.name)
    user = User(asked.name, asked.role, password, made_at=sidecar.now())
    await sidecar.change_access(lambda store: store.add_user(user, who(request)))
    return MadeUser(**_record(user).model_dump(), password=made_up)


async def alter_user(request: Request, sidecar: Sidecar, name: str, asked: UserChange) -> UserRecord:
    """Change a user; NotAllowed, NotThere, Unfit (422), Conflict for the last admin, StoreGone."""
    _check_above(request, sidecar, name)
    check_grant(request, asked.role.permissions if asked.role else frozenset())
    fields: dict[str, Any] = asked.model_dump(include={"role", "enabled"}, exclude_none=True)
    if asked.totp is None:
        fields["totp"] = None
    if asked.password is not None:
        fields["password"] = await _hashed(sidecar, asked.password, name)
    return _record(await sidecar.change_access(lambda store: store.change_user(name, who(request), **fields)))


async def drop_user(request: Request, sidecar: Sidecar, name: str) -> None:
    """Take a user away; NotAllowed, NotThere, Conflict for the last admin, StoreGone."""
    _check_above(request, sidecar, name)
    await sidecar.change_access(lambda store: store.remove_user(name, who(request)))


def _check_above(request: Request, sidecar: Sidecar, name: str) -> None:
    """Raise NotAllowed where whoever asks may do less than the user it is about."""
    present = sidecar.logins().directory().users.get(name)
    check_grant(request, present.role.permissions if present else frozenset())


async def _hashed(sidecar: Sidecar, password: str, name: str) -> str:
    check_fit(password, name, "password")
    return await beside(lambda: sidecar.logins().log_in.hasher.hash(password))


def user_records(sidecar: Sidecar) -> list[UserRecord]:
    """Every user; StoreGone."""
    return [_record(user) for user in sidecar.access_store().directory().users.values()]


def _found(sidecar: Sidecar, name: str) -> User:
    user = sidecar.access_store().directory().users.get(name)
    if user is None:
        raise NotThere(f"there is no user {name!r}")
    return user


def _record(user: User) -> UserRecord:
    return UserRecord(
        name=user.name,
        role=user.role,
        enabled=user.enabled,
        totp=user.totp is not None,
        made_at=as_time(user.made_at),
    )
