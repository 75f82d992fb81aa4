"""`/v1/parameters`: VOS3000's parameters under their names, a few of our own, and the policy's country. There is one set; what
is left out of it has its default."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.body import described, json_body
from gateway.api.conditions import conditions, etag, is_known
from gateway.api.headers import ETAG, IF_KNOWN, IF_MATCH, IF_NEW, NOT_MODIFIED
from gateway.api.openapi import example
from gateway.api.problems import problems
from gateway.api.query import asked, parameters
from gateway.api.sidecar import Sidecar
from gateway.api.who import who
from gateway.rim import Strict
from gateway.store.editing import Stored
from gateway.store.parameters_entry import KEY, ParametersEntry
from gateway.store.store import Store

NEVER = 0
"""The revision of parameters that nobody has written yet."""

_EXAMPLE = {"country": "US", "SS_BLACK_LIST_NO_ANSWER_LIMIT": 50, "SS_ACCESS_IP_CHECK": 1}
_WRITTEN = ParametersEntry.model_validate(_EXAMPLE).written()


def router(sidecar: Sidecar) -> APIRouter:
    """The parameters."""
    routes = APIRouter(prefix="/v1", tags=["parameters"])

    @routes.get(
        "/parameters",
        dependencies=[needs(Permission.READ)],
        summary="The parameters, with their defaults",
        response_model=ParametersEntry,
        responses=example(_WRITTEN, headers=ETAG) | NOT_MODIFIED | problems({503: "The database is away"}),
        openapi_extra=parameters(Strict, IF_KNOWN),
    )
    def get_parameters(request: Request) -> Response:
        asked(Strict, request)
        stored = present(sidecar.store())
        if is_known(request, stored.revision):
            return Response(status_code=304, headers={"ETag": etag(stored.revision)})
        return _answer(stored)

    @routes.put(
        "/parameters",
        dependencies=[needs(Permission.POLICY)],
        summary="Replace the parameters",
        response_model=ParametersEntry,
        responses=example(_WRITTEN, headers=ETAG)
        | problems({412: "A condition failed", 422: "They are not good", 503: "The database is away"}),
        openapi_extra=described(ParametersEntry, _EXAMPLE, IF_MATCH, IF_NEW),
    )
    def put_parameters(request: Request, body: Annotated[object, Depends(json_body)]) -> Response:
        wanted, store = conditions(request), sidecar.store()
        entry = store.parse(KEY, body)
        is_first = wanted.revision == NEVER
        if_revision = None if is_first else wanted.revision
        return _answer(store.put(KEY, entry, who(request), if_revision, wanted.create_only or is_first))

    return routes


def present(store: Store) -> Stored:
    """The parameters as they are, which are the defaults until somebody writes them."""
    return store.get(KEY, KEY) or Stored(ParametersEntry(), NEVER)


def _answer(stored: Stored) -> JSONResponse:
    return JSONResponse(stored.entry.written(), headers={"ETag": etag(stored.revision)})
