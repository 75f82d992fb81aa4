"""`GET /v1/audit`: who changed what, when, and what was there before."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.problems import problems
from gateway.api.query import Paging, as_time, asked, parameters
from gateway.api.sidecar import Sidecar
from gateway.store.paging import Change


class AuditQuery(Paging):
    """Which changes."""

    after: Annotated[
        str | None, Field(pattern=r"^[0-9]{1,10}$", description="`next` of the page before.")
    ] = None
    resource: Annotated[str | None, Field(max_length=64, examples=["peers"])] = None
    key: Annotated[str | None, Field(max_length=512)] = None
    who: Annotated[str | None, Field(max_length=256, examples=["user:alice"])] = None
    action: Annotated[str | None, Field(max_length=64, examples=["changed"])] = None


class AuditRecord(BaseModel):
    """One change; `before` is null for what was added, `after` for what was removed."""

    id: int
    at: datetime
    who: str
    action: str
    resource: str
    key: str
    revision: int = Field(
        description="With this change in it: the policy's, or that of keys and certificates."
    )
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditList(BaseModel):
    """A page of changes, newest first; `next` is the `after` of the following page."""

    items: list[AuditRecord]
    next: str | None


def router(sidecar: Sidecar) -> APIRouter:
    """The record of changes."""
    routes = APIRouter(prefix="/v1", tags=["audit"], dependencies=[needs(Permission.READ)])

    @routes.get(
        "/audit",
        summary="Who changed what, newest first",
        responses=problems({400: "The query is not understood", 503: "The database is away"}),
        openapi_extra=parameters(AuditQuery),
    )
    def page(request: Request) -> AuditList:
        query = asked(AuditQuery, request)
        filters = query.model_dump(exclude_none=True, exclude={"limit", "after"})
        found = sidecar.store().audit(filters, query.limit, query.after)
        return AuditList(items=[_record(change) for change in found.entries], next=found.next)

    return routes


def _record(change: Change) -> AuditRecord:
    return AuditRecord(
        id=change.id,
        at=as_time(change.at),
        who=change.who,
        action=change.action,
        resource=change.resource,
        key=change.key,
        revision=change.revision,
        before=None if change.before is None else dict(change.before),
        after=None if change.after is None else dict(change.after),
    )
