"""Whether this node lives (`/healthz`) and whether it can serve calls (`/readyz`), with the reason where
it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs, public
from gateway.api.headers import Responses
from gateway.api.models import JSON
from gateway.api.openapi import example
from gateway.api.problems import problems
from gateway.api.sidecar import Sidecar


class Health(BaseModel):
    """The sidecar answers."""

    status: Literal["ok"]


class Check(BaseModel):
    """One thing a node needs to serve; `reason` says why it is not there."""

    name: str
    ok: bool
    reason: str | None = None


class Readiness(BaseModel):
    """Ready only if every check is. `alarms` are what an operator must look at though calls go on."""

    ready: bool
    checks: list[Check]
    alarms: list[str] = []


_READY = {"ready": True, "checks": [{"name": "edge", "ok": True, "reason": None}], "alarms": []}
_NOT_READY = {
    "ready": False,
    "checks": [{"name": "edge", "ok": False, "reason": "edge.silent"}],
    "alarms": [],
}
_ANSWERS: Responses = {
    **example(_READY),
    503: {"model": Readiness, "description": "It cannot.", "content": {JSON: {"example": _NOT_READY}}},
}


def router(sidecar: Sidecar) -> APIRouter:
    """`/healthz` and `/readyz`."""
    routes = APIRouter(tags=["health"])

    @routes.get(
        "/healthz",
        dependencies=[public()],
        summary="Does the sidecar live?",
        responses=example({"status": "ok"}) | problems({429: "Too fast"}),
    )
    async def get_health() -> Health:
        return Health(status="ok")

    @routes.get(
        "/readyz",
        dependencies=[needs(Permission.METRICS)],
        summary="Can this node serve calls?",
        responses=_ANSWERS,
    )
    async def get_readiness(response: Response) -> Readiness:
        found = readiness(sidecar)
        response.status_code = 200 if found.ready else 503
        return found

    return routes


def readiness(sidecar: Sidecar) -> Readiness:
    """Every check a node must pass to serve calls."""
    checks = [
        _check("edge", _edge_problem(sidecar)),
        _check("certificate", sidecar.credential_problem(sidecar.now())),
    ]
    return Readiness(ready=all(check.ok for check in checks), checks=checks, alarms=list(_alarms(sidecar)))


def _alarms(sidecar: Sidecar) -> Iterator[str]:
    """What keeps calls from being signed, the policy from being followed and calls from being recorded, and what was lost."""
    yield from sidecar.book.alarms(sidecar.now())
    yield from sidecar.credentials.problems
    yield from (
        f"key store {name}: {problem}" for name, problem in sidecar.credentials.stores.items() if problem
    )
    if sidecar.acme:
        yield from sidecar.acme.current.alarms
    recorder, edge = sidecar.recorder(), sidecar.edge()
    if recorder is None:
        yield "recorder-silent: changes of policy do not reach this node, records of calls wait in its spool"
    else:
        yield from (f"{problem.name}: {problem.text}" for problem in recorder.problems)
    lost = (recorder.lost if recorder else 0) + (edge.records_lost if edge else 0)
    if lost:
        yield f"records-lost: {lost} records of calls are not in the call log"
    if edge:
        yield from (f"edge: {problem}" for problem in edge.credential_problems)
    if edge and edge.shared:
        yield from (f"shared-state: {problem}" for problem in edge.shared.problems)


def _check(name: str, reason: str | None) -> Check:
    return Check(name=name, ok=reason is None, reason=reason)


def _edge_problem(sidecar: Sidecar) -> str | None:
    status = sidecar.edge()
    if status is None:
        return "edge.silent"
    if status.draining:
        return "edge.draining"
    return None if status.ready else "edge.not-ready"
