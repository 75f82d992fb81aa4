"""The number policy: which kinds of entries there are, and each kind's list, filtered and in pages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.console.errors import pages
from gateway.api.console.nouns import NOUNS
from gateway.api.console.pages import page
from gateway.api.console.query import Asked, Wrong, asked
from gateway.api.entries import query_model
from gateway.api.query import Paging
from gateway.api.sections import SectionQuery
from gateway.api.sidecar import Sidecar
from gateway.store.editing import Stored
from gateway.store.paging import Page
from gateway.store.resources import Resource, find_resource

_SECTIONS = "number-sections"

_NOTHING: Page[Stored] = Page((), None)


def router(sidecar: Sidecar) -> APIRouter:
    """The lists."""
    routes = pages("/console/policy", dependencies=[needs(Permission.READ)])

    @routes.get("")
    def kinds(request: Request) -> Response:
        return page(request, "policy.html", nouns=NOUNS, revision=sidecar.store().revision())

    @routes.get("/{name}")
    def entries(request: Request, name: str) -> Response:
        resource = find_resource(name)
        query: type[Paging] = SectionQuery if name == _SECTIONS else query_model(resource)
        wanted = asked(query, request)
        found, wrong = _found(sidecar, resource, wanted)
        return page(
            request,
            "entries.html",
            400 if wrong else 200,
            resource=resource,
            noun=NOUNS[name],
            filters=[name for name in query.model_fields if name not in Paging.model_fields],
            asked=wanted,
            wrong=wrong,
            rows=[(stored.entry.key, stored.entry.written()) for stored in found.entries],
            next=f"?{wanted.with_(after=found.next)}" if found.next else None,
            first=f"?{wanted.with_(after=None)}" if wanted.filled["after"] else None,
        )

    return routes


def _found(sidecar: Sidecar, resource: Resource, wanted: Asked[Any]) -> tuple[Page[Stored], Wrong]:
    """The entries, or none and what is wrong with the question."""
    query = wanted.value
    if query is None:
        return _NOTHING, wanted.mistakes
    store = sidecar.store()
    if resource.name != _SECTIONS:
        filters = query.model_dump(exclude_none=True, exclude=set(Paging.model_fields))
        return store.page(resource.name, filters, query.limit, query.after), Wrong()
    try:
        return store.sections(**query.model_dump()), Wrong()
    except ValueError as error:
        return _NOTHING, Wrong({"": [str(error)]})
