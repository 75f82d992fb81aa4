"""The call log: searched, and one call with everything that is known about it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.calls import CallQuery
from gateway.api.console.errors import pages
from gateway.api.console.ladder import ladder
from gateway.api.console.pages import page
from gateway.api.console.query import Asked, Wrong, asked
from gateway.api.problems import Unfit
from gateway.api.sidecar import Sidecar
from gateway.store.calls import CallPage
from gateway.store.errors import NotThere

_NOTHING = CallPage((), None)


def router(sidecar: Sidecar) -> APIRouter:
    """The call log."""
    routes = pages("/console/calls", dependencies=[needs(Permission.READ)])

    @routes.get("")
    def search(request: Request) -> Response:
        query = asked(CallQuery, request)
        found, wrong = _found(sidecar, query)
        filters = query.with_(after=None, limit=None)
        return page(
            request,
            "calls.html",
            200 if not wrong else 400,
            asked=query,
            wrong=wrong,
            calls=found.calls,
            csv=f"/v1/calls.csv?{filters}" if filters else "/v1/calls.csv",
            first=f"?{filters}" if query.filled.get("after") else None,
            next=f"?{query.with_(after=found.next)}" if found.next else None,
        )

    @routes.get("/one")
    def one(request: Request, id: str) -> Response:
        found = sidecar.call_log().traceback(id=id)
        if found is None:
            raise NotThere("there is no such call in the log; it may be older than [store] keep_calls")
        return page(request, "call.html", found=found, call=found.call, ladder=ladder(found.call))

    return routes


def _found(sidecar: Sidecar, query: Asked[CallQuery]) -> tuple[CallPage, Wrong]:
    """The calls, or none and what is wrong with the question, by field."""
    if query.value is None:
        return _NOTHING, query.mistakes
    try:
        filters = query.value.value(sidecar.plan)
        return sidecar.call_log().page(filters, query.value.limit, query.value.after), Wrong()
    except (Unfit, ValueError) as error:
        return _NOTHING, Wrong({"": [str(error)]})
