"""`/v1/sessions`: who is logged in to this node, and the end of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from gateway.access.permissions import Permission, Role
from gateway.access.sessions import Session
from gateway.access.users import User
from gateway.api.authorisation import needs
from gateway.api.granting import check_grant
from gateway.api.problems import problems
from gateway.api.query import as_time
from gateway.api.sidecar import Sidecar
from gateway.api.who import who
from gateway.store.errors import NotThere, StoreGone

SessionId = Annotated[str, Path(description="The session's id; never its cookie.", examples=["c0ffee12"])]


class SessionRecord(BaseModel):
    """One session; `id` names it and opens nothing."""

    id: str
    user: str
    role: Role
    address: str = Field(description="Where it was begun from.")
    began_at: datetime
    seen_at: datetime


class SessionList(BaseModel):
    """The sessions in force, newest first."""

    items: list[SessionRecord]


def router(sidecar: Sidecar) -> APIRouter:
    """The sessions of all users."""
    routes = APIRouter(prefix="/v1/sessions", tags=["sessions"])

    @routes.get("", dependencies=[needs(Permission.READ)], summary="Who is logged in")
    def list_sessions() -> SessionList:
        return SessionList(items=session_records(sidecar))

    @routes.delete(
        "/{id}",
        dependencies=[needs(Permission.ACCESS)],
        status_code=204,
        summary="End a session",
        responses=problems({404: "There is none"}),
    )
    def end_session(request: Request, id: SessionId) -> Response:
        close_session(request, sidecar, id)
        return Response(status_code=204)

    return routes


def close_session(request: Request, sidecar: Sidecar, id: str) -> None:
    """End a session; NotAllowed, NotThere."""
    people = sidecar.logins()
    listed = people.sessions.listed(people.directory(), sidecar.now())
    user = next((user for session, user in listed if session.id == id), None)
    check_grant(request, user.role.permissions if user else frozenset())
    ended = people.sessions.end(id)
    if ended is None:
        raise NotThere(f"there is no session {id!r}")
    with suppress(StoreGone):  # it is over whether that can be put on record or not
        sidecar.access_store().note(who(request), "ended", "sessions", f"{ended.user}/{ended.id}")


def session_records(sidecar: Sidecar) -> list[SessionRecord]:
    """Those in force, the newest first."""
    people = sidecar.logins()
    return [_record(*each) for each in people.sessions.listed(people.directory(), sidecar.now())]


def _record(session: Session, user: User) -> SessionRecord:
    return SessionRecord(
        id=session.id,
        user=user.name,
        role=user.role,
        address=session.address,
        began_at=as_time(session.began_at),
        seen_at=as_time(session.seen_at),
    )
