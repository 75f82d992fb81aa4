"""The record of changes: who changed what, when, and what was there before."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.access.permissions import Permission
from gateway.api.audit import AuditQuery
from gateway.api.authorisation import needs
from gateway.api.console.errors import pages
from gateway.api.console.pages import page
from gateway.api.console.query import asked
from gateway.api.sidecar import Sidecar
from gateway.store.paging import Change, Page

_NOTHING: Page[Change] = Page((), None)


def router(sidecar: Sidecar) -> APIRouter:
    """The record of changes."""
    routes = pages("/console/audit", dependencies=[needs(Permission.READ)])

    @routes.get("")
    def changes(request: Request) -> Response:
        query, found = asked(AuditQuery, request), _NOTHING
        if query.value is not None:
            filters = query.value.model_dump(exclude_none=True, exclude={"limit", "after"})
            found = sidecar.store().audit(filters, query.value.limit, query.value.after)
        return page(
            request,
            "audit.html",
            400 if query.mistakes else 200,
            asked=query,
            changes=found.entries,
            next=f"?{query.with_(after=found.next)}" if found.next else None,
            first=f"?{query.with_(after=None)}" if query.filled.get("after") else None,
        )

    return routes
