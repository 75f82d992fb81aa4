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

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, create_model
from sqlalchemy import Boolean

from gateway.access.permissions import Permission
from gateway.api import answers, examples
from gateway.api.authorisation import needs
from gateway.api.body import described, json_body
from gateway.api.conditions import Conditions, conditions, etag, is_known
from gateway.api.headers import ETAG, IF_KNOWN, IF_MATCH, IF_NEW, LOCATION, NOT_MODIFIED, Responses
from gateway.api.openapi import example
from gateway.api.problems import Mistake, Unfit, problems
from gateway.api.query import Paging, asked, parameters
from gateway.api.sidecar import AMERICAN, Sidecar
from gateway.api.who import who
from gateway.store.editing import Stored
from gateway.store.entry import Entry
from gateway.store.errors import Conflict, NotThere
from gateway.store.resources import Resource

_DIGITS_AS_KEYS = frozenset({"system-whitelist", "areas"})
"""Resources whose keys may be written with a "+" in an address, as numbers are."""

_NAMED = frozenset({"list-groups"})
"""Resources whose keys have no slash, and that have addresses of their own below an entry's."""

_QUERIED = frozenset({"number-sections"})
"""Resources whose pages are the answer to a query of their own."""

Key = Annotated[
    str, Path(description="What it is known by among its kind. A slash in it may be written as it is.")
]
Body = Annotated[object, Depends(json_body)]


def router(sidecar: Sidecar, resource: Resource) -> APIRouter:
    """The entries of one resource."""
    routes = APIRouter(prefix=f"/v1/{resource.name}", tags=[resource.name])
    if resource.name not in _QUERIED:
        _add_page(routes, sidecar, resource)
    _add_create(routes, sidecar, resource)
    _add_entry(routes, sidecar, resource)
    return routes


def _add_page(routes: APIRouter, sidecar: Sidecar, resource: Resource) -> None:
    name, query_type = resource.name, query_model(resource)

    @routes.get(
        "",
        operation_id=f"list_{_snake(name)}",
        dependencies=[needs(Permission.READ)],
        summary=f"Page through the {name}",
        response_model=_page_model(resource),
        responses=example(answers.page(_shown(resource).written(), _shown(resource).key))
        | problems({503: "The database is away"}),
        openapi_extra=parameters(query_type),
    )
    def read_page(request: Request) -> JSONResponse:
        query = asked(query_type, request)
        filters = query.model_dump(exclude_none=True, exclude={"limit", "after"})
        found = sidecar.store().page(name, filters, query.limit, query.after)
        return JSONResponse(
            {"items": [stored.entry.written() for stored in found.entries], "next": found.next}
        )


def _add_create(routes: APIRouter, sidecar: Sidecar, resource: Resource) -> None:
    name = resource.name

    @routes.post(
        "",
        dependencies=[needs(Permission.POLICY)],
        status_code=201,
        operation_id=f"create_{_snake(resource.noun)}",
        summary=f"Add one of the {name}",
        response_model=resource.entry,
        responses=_answers(resource, created=True)
        | problems({409: "It is there already", 422: "It is not good", 503: "The database is away"}),
        openapi_extra=described(resource.entry, examples.of(resource)),
    )
    def create(request: Request, body: Body) -> JSONResponse:
        store = sidecar.store()
        entry = store.parse(name, body)
        stored = store.put(name, entry, who(request), create_only=True)
        return _answer(resource, stored, created=True)


def _add_entry(routes: APIRouter, sidecar: Sidecar, resource: Resource) -> None:
    name, path = resource.name, "/{key}" if resource.name in _NAMED else "/{key:path}"
    takes = described(resource.entry, examples.of(resource), IF_MATCH, IF_NEW)

    @routes.get(
        path,
        operation_id=f"get_{_snake(resource.noun)}",
        dependencies=[needs(Permission.READ)],
        summary=f"One of the {name}",
        response_model=resource.entry,
        responses=_answers(resource)
        | NOT_MODIFIED
        | problems({404: "It is not there", 503: "The database is away"}),
        openapi_extra={"parameters": [IF_KNOWN]},
    )
    def read(request: Request, key: Key) -> Response:
        stored = _find(sidecar, resource, _plain(resource, key))
        if is_known(request, stored.revision):
            return Response(status_code=304, headers={"ETag": etag(stored.revision)})
        return _answer(resource, stored)

    @routes.put(
        path,
        operation_id=f"put_{_snake(resource.noun)}",
        dependencies=[needs(Permission.POLICY)],
        summary=f"Add or replace one of the {name}",
        response_model=resource.entry,
        responses={
            **_answers(resource),
            **_answers(resource, created=True),
            **problems({412: "A condition failed", 422: "It is not good", 503: "The database is away"}),
        },
        openapi_extra=takes,
    )
    def write(request: Request, key: Key, body: Body) -> JSONResponse:
        wanted = conditions(request)
        return _put(sidecar, resource, _plain(resource, key), body, wanted, who(request))

    @routes.delete(
        path,
        dependencies=[needs(Permission.POLICY)],
        status_code=204,
        operation_id=f"delete_{_snake(resource.noun)}",
        summary=f"Take one of the {name} away",
        responses=problems(
            {
                400: "The conditions cannot be kept",
                404: "It is not there",
                409: "Others need it",
                412: "A condition failed",
                503: "The database is away",
            }
        ),
        openapi_extra={"parameters": [IF_MATCH]},
    )
    def remove(request: Request, key: Key) -> Response:
        wanted = conditions(request)
        if wanted.create_only:
            raise Unfit(400, "If-None-Match makes no sense where something is taken away")
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


def _answers(resource: Resource, *, created: bool = False) -> Responses:
    """How an operation describes an answer with one entry."""
    written = _shown(resource).written()
    if not created:
        return example(written, headers=ETAG)
    told = example(written, 201, ETAG | LOCATION)[201]
    return {201: told | {"model": resource.entry, "description": "It was added."}}


def _shown(resource: Resource) -> Entry:
    """The entry of the examples."""
    return resource.entry.model_validate(examples.of(resource), context={"plan": AMERICAN})


def _snake(name: str) -> str:
    return name.replace("-", "_")


def query_model(resource: Resource) -> type[Paging]:
    """Paging, and each filter of the resource."""
    filters: dict[str, Any] = {
        name: (_filter_type(resource, name) | None, Field(None, description=f"Only those with this {name}."))
        for name in resource.filters
    }
    return create_model(f"{resource.entry.__name__}Query", __base__=Paging, **filters)


def _filter_type(resource: Resource, name: str) -> Any:
    is_switch = isinstance(resource.table.columns[name].type, Boolean)
    return Literal["true", "false"] if is_switch else str


def _page_model(resource: Resource) -> type[BaseModel]:
    items: Any = GenericAlias(list, (resource.entry,))
    return create_model(f"{resource.entry.__name__}Page", items=(items, ...), next=(str | None, ...))
