"""`/v1/nodes`: the nodes that share this database, what each says of itself; drained, and had to serve again, through any of
them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.problems import problems
from gateway.api.query import Paging, as_time, asked, parameters
from gateway.api.sidecar import Sidecar
from gateway.api.who import who
from gateway.store.nodes import Node, Standing

NodeName = Annotated[str, Path(description="Its `[node] name`.", examples=["east"])]

_AWAY = {503: "The database is away"}
_NONE = {404: "There is none"}


class DrainWish(BaseModel):
    """That a node be drained."""

    since: datetime
    who: str


class NodeRecord(BaseModel):
    """A node by its last report. What it says of itself is true as of `seen`."""

    name: str
    standing: Standing = Field(description="What it does; `gone`: it has not reported lately.")
    up: bool = Field(description="Whether it reported lately.")
    ready: bool = Field(description="Whether it serves calls.")
    draining: bool = Field(description="Whether it takes no new calls, because it is drained or stops.")
    drained: DrainWish | None = Field(
        description="Who wants it to take no new calls; null: nobody. It obeys within two seconds."
    )
    host: str = Field(description="The name of its machine.")
    door: str = Field(description="What carries its calls.", examples=["pjsua2", "kamailio"])
    addresses: list[str] = Field(description="Where it listens for SIP.", examples=[["udp:192.0.2.10:5060"]])
    version: str
    started: datetime
    seen: datetime = Field(description="When it reported last, by its own clock.")
    policy_revision: str = Field(description="Of the policy in force there.", examples=["7"])
    credentials_revision: int = Field(description="Of the keys and certificates in force there.")
    calls: int = Field(description="Calls held.")
    workers: int
    slots_free: int = Field(description="Room for more calls.")
    alarms: list[str] = Field(
        description="What its recorder and its edge want an operator to look at; its own /readyz lists all."
    )


class NodeList(BaseModel):
    """A page of nodes by name; `next` is the `after` of the following page."""

    items: list[NodeRecord]
    next: str | None


def router(sidecar: Sidecar) -> APIRouter:
    """The nodes."""
    routes = APIRouter(prefix="/v1/nodes", tags=["nodes"])
    _add_reading(routes, sidecar)
    _add_changing(routes, sidecar)
    return routes


def _add_reading(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.get(
        "",
        dependencies=[needs(Permission.READ)],
        summary="Every node of this database",
        responses=problems(_AWAY),
        openapi_extra=parameters(Paging),
    )
    def list_nodes(request: Request) -> NodeList:
        query = asked(Paging, request)
        found = sidecar.nodes().page(query.limit, query.after)
        return NodeList(items=[node_record(sidecar, each) for each in found.entries], next=found.next)

    @routes.get(
        "/{name}",
        dependencies=[needs(Permission.READ)],
        summary="One node",
        responses=problems({**_NONE, **_AWAY}),
    )
    def get_node(name: NodeName) -> NodeRecord:
        return node_record(sidecar, sidecar.nodes().get(name))


def _add_changing(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.post(
        "/{name}/drain",
        dependencies=[needs(Permission.POLICY)],
        summary="Have a node take no new calls: they, and OPTIONS, are answered 503; those that are up go on",
        responses=problems({**_NONE, **_AWAY}),
    )
    def drain_node(request: Request, name: NodeName) -> NodeRecord:
        return node_record(sidecar, sidecar.nodes().drain(name, who(request)))

    @routes.post(
        "/{name}/serve",
        dependencies=[needs(Permission.POLICY)],
        summary="Have a drained node take calls again",
        responses=problems({**_NONE, **_AWAY}),
    )
    def serve_node(request: Request, name: NodeName) -> NodeRecord:
        return node_record(sidecar, sidecar.nodes().serve(name, who(request)))

    @routes.delete(
        "/{name}",
        dependencies=[needs(Permission.POLICY)],
        status_code=204,
        summary="Forget a node that is gone",
        responses=problems({**_NONE, 409: "It is up", **_AWAY}),
    )
    def forget_node(request: Request, name: NodeName) -> Response:
        sidecar.nodes().forget(name, who(request))
        return Response(status_code=204)


def node_record(sidecar: Sidecar, node: Node) -> NodeRecord:
    """A node as it is told."""
    report, now = node.report, sidecar.now()
    return NodeRecord(
        name=node.name,
        standing=node.standing(now),
        up=node.up(now),
        ready=report.ready,
        draining=report.draining,
        drained=DrainWish(since=as_time(node.wish.since), who=node.wish.who) if node.wish else None,
        host=report.host,
        door=report.door,
        addresses=list(report.addresses),
        version=report.version,
        started=as_time(report.started),
        seen=as_time(node.seen),
        policy_revision=report.revision,
        credentials_revision=report.credentials_revision,
        calls=report.calls,
        workers=report.workers,
        slots_free=report.slots_free,
        alarms=list(report.alarms),
    )
