"""`/v1/tokens`: what programs show. The text of a token is told once, where it is made, and nowhere kept."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidatorFunctionWrapHandler, WrapValidator

from gateway.access.permissions import Permission
from gateway.access.tokens import LONGEST, SECRET_BYTES, Token, make_token
from gateway.access.users import NAME
from gateway.api.authorisation import needs
from gateway.api.body import described, json_body, validated
from gateway.api.granting import check_grant
from gateway.api.problems import problems
from gateway.api.query import as_time
from gateway.api.sidecar import Sidecar
from gateway.api.who import who
from gateway.rim import Duration, Strict
from gateway.store.errors import NotThere

Body = Annotated[object, Depends(json_body)]

TokenId = Annotated[str, Path(description="The token's id; never the token itself.", examples=["9f1c2ab7"])]


def _each_once(sent: object, read: ValidatorFunctionWrapHandler) -> frozenset[Permission]:
    """What the description calls unique is not made so here: who sends one twice meant another one."""
    found: frozenset[Permission] = read(sent)
    if isinstance(sent, list) and len(found) < len(sent):
        raise ValueError("a permission stands twice")
    return found


class NewToken(Strict):
    """A token to be made."""

    name: Annotated[str, Field(pattern=NAME)]
    permissions: Annotated[frozenset[Permission], Field(min_length=1), WrapValidator(_each_once)]
    lasts: Annotated[Duration, Field(gt=0, le=LONGEST)] = 90 * 86_400.0


class TokenRecord(BaseModel):
    """A token without its text."""

    id: str
    name: str
    permissions: list[Permission]
    made_at: datetime
    made_by: str
    expires_at: datetime
    expired: bool


class MadeToken(TokenRecord):
    """A new token; `token` is what the program shows, as `Authorization: Bearer …`."""

    token: str = Field(examples=["stirgw_…"])


class TokenList(BaseModel):
    """Every token."""

    items: list[TokenRecord]


def router(sidecar: Sidecar) -> APIRouter:
    """The tokens."""
    routes = APIRouter(prefix="/v1/tokens", tags=["tokens"])
    _add_reading(routes, sidecar)
    _add_changing(routes, sidecar)
    return routes


def _add_reading(routes: APIRouter, sidecar: Sidecar) -> None:
    reads: dict[str, Any] = {"dependencies": [needs(Permission.READ)]}

    @routes.get("", summary="Every token", responses=problems({503: "The database is away"}), **reads)
    def list_tokens() -> TokenList:
        return TokenList(items=token_records(sidecar))

    @routes.get(
        "/{id}",
        summary="One token",
        responses=problems({404: "There is none", 503: "The database is away"}),
        **reads,
    )
    def get_token(id: TokenId) -> TokenRecord:
        return _record(_found(sidecar, id), sidecar.now())


def _add_changing(routes: APIRouter, sidecar: Sidecar) -> None:
    asks: dict[str, Any] = {"dependencies": [needs(Permission.ACCESS)]}

    @routes.post(
        "",
        status_code=201,
        summary="Make a token",
        response_model=MadeToken,
        responses=problems({409: "The name is taken", 422: "It is not good", 503: "The database is away"}),
        openapi_extra=described(NewToken, {"name": "grafana", "permissions": ["metrics"], "lasts": "365d"}),
        **asks,
    )
    async def create_token(request: Request, body: Body) -> JSONResponse:
        told = await add_token(request, sidecar, validated(NewToken, body))
        headers = {"Location": f"/v1/tokens/{told.id}", "Cache-Control": "no-store"}
        return JSONResponse(told.model_dump(mode="json"), status_code=201, headers=headers)

    @routes.delete(
        "/{id}",
        status_code=204,
        summary="Revoke a token, at once",
        responses=problems({404: "There is none", 503: "The database is away"}),
        **asks,
    )
    async def revoke_token(request: Request, id: TokenId) -> Response:
        await cancel_token(request, sidecar, id)
        return Response(status_code=204)


async def add_token(request: Request, sidecar: Sidecar, asked: NewToken) -> MadeToken:
    """Make a token; NotAllowed, Conflict, StoreGone."""
    check_grant(request, asked.permissions)
    by, now = who(request), sidecar.now()
    text, token = make_token(
        asked.name, asked.permissions, secrets.token_bytes(SECRET_BYTES), by, now, now + asked.lasts
    )
    await sidecar.change_access(lambda store: store.add_token(token, by))
    return MadeToken(**_record(token, now).model_dump(), token=text)


async def cancel_token(request: Request, sidecar: Sidecar, id: str) -> None:
    """End a token at once; NotAllowed, NotThere, StoreGone."""
    token = await asyncio.to_thread(_found, sidecar, id)
    check_grant(request, token.permissions)
    await sidecar.change_access(lambda store: store.revoke_token(id, who(request)))


def token_records(sidecar: Sidecar) -> list[TokenRecord]:
    """Every token; StoreGone."""
    now = sidecar.now()
    return [_record(token, now) for token in sidecar.access_store().directory().tokens.values()]


def _found(sidecar: Sidecar, id: str) -> Token:
    for token in sidecar.access_store().directory().tokens.values():
        if token.id == id:
            return token
    raise NotThere(f"there is no token {id!r}")


def _record(token: Token, now: float) -> TokenRecord:
    return TokenRecord(
        id=token.id,
        name=token.name,
        permissions=sorted(token.permissions),
        made_at=as_time(token.made_at),
        made_by=token.made_by,
        expires_at=as_time(token.expires_at),
        expired=not token.holds(now),
    )
