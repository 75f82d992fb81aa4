"""`/v1/<resource>` for every kind of entry that an operator writes: the same verbs, pages, filters and conditions for all.

    GET     /v1/peers?role=carrier&limit=100&after=…    a page, by key, and the `after` of the next one
    POST    /v1/peers                                   adds an entry (201), or says that it is there (409)
    GET     /v1/peers/KEY                               an entry, its revision as its ETag
    PUT     /v1/peers/KEY                               adds it (201) or replaces it (200)
    DELETE  /v1/peers/KEY                               takes it away (204), unless another entry needs it (409)

If-Match on PUT and DELETE, and If-None-Match: * on PUT, make a change depend on what is there (412). An entry has the
same shape here as in TOML.
"""

from __future__ import annotations

from types import GenericAlias
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, create_model
from sqlalchemy import Boolean

from gateway.access.permissions import Permission
from gateway.api import examples
from gateway.api.authorisation import needs
from gateway.api.body import described, json_body
from gateway.api.conditions import Conditions, conditions, etag, is_known
from gateway.api.problems import Mistake, Unfit, problems
from gateway.api.query import Paging, asked, parameters
from gateway.api.sidecar import Sidecar
from gateway.api.who import who
from gateway.store.editing import Stored
from gateway.store.errors import Conflict, NotThere
from gateway.store.resources import Resource

_DIGITS_AS_KEYS = frozenset({"system-whitelist", "areas"})
"""Resources whose keys may be written with a "+" in an address, as numbers are."""

Body = Annotated[object, Depends(json_body)]


def router(sidecar: Sidecar, resource: Resource) -> APIRouter:
    """The entries of one resource."""
    routes = APIRouter(prefix=f"/v1/{resource.name}", tags=[resource.name])
    _add_collection(routes, sidecar, resource)
    _add_entry(routes, sidecar, resource)
    return routes


def _add_collection(routes: APIRouter, sidecar: Sidecar, resource: Resource) -> None:
    name, query_model = resource.name, _query_model(resource)
    takes = described(resource.entry, examples.of(resource))

    @routes.get(
        "",
        dependencies=[needs(Permission.READ)],
        summary=f"Page through the {name}",
        response_model=_page_model(resource),
        responses=problems({400: "The query is not understood", 503: "The database is away"}),
        openapi_extra=parameters(query_model),
    )
    def page(request: Request) -> JSONResponse:
        query = asked(query_model, request)
        filters = query.model_dump(exclude_none=True, exclude={"limit", "after"})
        found = sidecar.store().page(name, filters, query.limit, query.after)
        return JSONResponse(
            {"items": [stored.entry.written() for stored in found.entries], "next": found.next}
        )

    @routes.post(
        "",
        dependencies=[needs(Permission.POLICY)],
        status_code=201,
        summary=f"Add one of the {name}",
        response_model=resource.entry,
        responses=problems({409: "It is there already", 422: "It is not good", 503: "The database is away"}),
        openapi_extra=takes,
    )
    def create(request: Request, body: Body) -> JSONResponse:
        store = sidecar.store()
        entry = store.parse(name, body)
        stored = store.put(name, entry, who(request), create_only=True)
        return _answer(resource, stored, created=True)


def _add_entry(routes: APIRouter, sidecar: Sidecar, resource: Resource) -> None:
    name = resource.name
    takes = described(resource.entry, examples.of(resource))

    @routes.get(
        "/{key:path}",
        dependencies=[needs(Permission.READ)],
        summary=f"One of the {name}",
        response_model=resource.entry,
        responses=problems({404: "It is not there", 503: "The database is away"}),
    )
    def read(request: Request, key: str) -> Response:
        stored = _find(sidecar, resource, _plain(resource, key))
        if is_known(request, stored.revision):
            return Response(status_code=304, headers={"ETag": etag(stored.revision)})
        return _answer(resource, stored)

    @routes.put(
        "/{key:path}",
        dependencies=[needs(Permission.POLICY)],
        summary=f"Add or replace one of the {name}",
        response_model=resource.entry,
        responses={
            201: {"model": resource.entry},
            **problems({412: "A condition failed", 422: "It is not good", 503: "The database is away"}),
        },
        openapi_extra=takes,
    )
    def write(request: Request, key: str, body: Body) -> JSONResponse:
        wanted = conditions(request)
        return _put(sidecar, resource, _plain(resource, key), body, wanted, who(request))

    @routes.delete(
        "/{key:path}",
        dependencies=[needs(Permission.POLICY)],
        status_code=204,
        summary=f"Take one of the {name} away",
        responses=problems(
            {
                404: "It is not there",
                409: "Others need it",
                412: "A condition failed",
                503: "The database is away",
            }
        ),
    )
    def remove(request: Request, key: str) -> Response:
        wanted = conditions(request)
        sidecar.store().delete(name, _plain(resource, key), who(request), wanted.revision)
        return Response(status_code=204)


def _put(
    sidecar: Sidecar, resource: Resource, key: str, body: object, wanted: Conditions, by: str
) -> JSONResponse:
    store = sidecar.store()
    entry = store.parse(resource.name, body)
    if entry.key != key:
        text = f"the entry is {entry.key!r}, the address names {key!r}"
        raise Unfit(422, text, [Mistake(path=resource.key.name, text=text)])
    present = store.get(resource.name, key)
    if present is None and wanted.must_exist:
        raise Conflict(f"there is no {resource.noun} {key!r}")
    stored = store.put(resource.name, entry, by, wanted.revision, wanted.create_only)
    return _answer(resource, stored, created=present is None)


def _find(sidecar: Sidecar, resource: Resource, key: str) -> Stored:
    stored = sidecar.store().get(resource.name, key)
    if stored is None:
        raise NotThere(f"there is no {resource.noun} {key!r}")
    return stored


def _answer(resource: Resource, stored: Stored, *, created: bool = False) -> JSONResponse:
    headers = {"ETag": etag(stored.revision)}
    if created:
        headers["Location"] = f"/v1/{resource.name}/{quote(stored.entry.key, safe='/:')}"
    return JSONResponse(stored.entry.written(), status_code=201 if created else 200, headers=headers)


def _plain(resource: Resource, key: str) -> str:
    return key.removeprefix("+") if resource.name in _DIGITS_AS_KEYS else key


def _query_model(resource: Resource) -> type[Paging]:
    """Paging, and each filter of the resource."""
    filters: dict[str, Any] = {name: (_filter_type(resource, name) | None, None) for name in resource.filters}
    return create_model(f"{resource.entry.__name__}Query", __base__=Paging, **filters)


def _filter_type(resource: Resource, name: str) -> Any:
    is_switch = isinstance(resource.table.columns[name].type, Boolean)
    return Literal["true", "false"] if is_switch else str


def _page_model(resource: Resource) -> type[BaseModel]:
    items: Any = GenericAlias(list, (resource.entry,))
    return create_model(f"{resource.entry.__name__}Page", items=(items, ...), next=(str | None, ...))
