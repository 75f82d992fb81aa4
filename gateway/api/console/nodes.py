"""The nodes that share this database: what each does, drained and had to serve again."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.console.errors import pages
from gateway.api.console.pages import page, redirect
from gateway.api.console.query import asked
from gateway.api.nodes import node_record
from gateway.api.query import Paging
from gateway.api.sidecar import Sidecar
from gateway.api.who import who
from gateway.store.nodes import Node
from gateway.store.paging import Page

_NOTHING: Page[Node] = Page((), None)


def router(sidecar: Sidecar) -> APIRouter:
    """The nodes."""
    routes = pages("/console/nodes")

    @routes.get("", dependencies=[needs(Permission.READ)])
    def listed(request: Request) -> Response:
        query = asked(Paging, request)
        found = _NOTHING
        if query.value is not None:
            found = sidecar.nodes().page(query.value.limit, query.value.after)
        return page(
            request,
            "nodes.html",
            400 if query.mistakes else 200,
            nodes=[node_record(sidecar, each) for each in found.entries],
            next=f"?{query.with_(after=found.next)}" if found.next else None,
            first=f"?{query.with_(after=None)}" if query.filled.get("after") else None,
        )

    @routes.post("/{name}/drain", dependencies=[needs(Permission.POLICY)])
    def drain(request: Request, name: str) -> Response:
        sidecar.nodes().drain(name, who(request))
        return redirect("/nodes", said="drained")

    @routes.post("/{name}/serve", dependencies=[needs(Permission.POLICY)])
    def serve(request: Request, name: str) -> Response:
        sidecar.nodes().serve(name, who(request))
        return redirect("/nodes", said="served")

    @routes.post("/{name}/forget", dependencies=[needs(Permission.POLICY)])
    def forget(request: Request, name: str) -> Response:
        sidecar.nodes().forget(name, who(request))
        return redirect("/nodes", said="forgotten")

    return routes
