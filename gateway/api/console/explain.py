"""What would become of a call, check by check: VOS3000's routing analysis."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.console.errors import pages
from gateway.api.console.pages import page
from gateway.api.console.query import Asked, Texts, asked, filled_in
from gateway.api.explain import Question, explanation
from gateway.api.forms import form
from gateway.api.sidecar import Sidecar

_NAMES = ("source", "from", "to", "at", "identity")


def router(sidecar: Sidecar) -> APIRouter:
    """The dry run. Its form is posted: an Identity value is long, and is nobody else's business."""
    routes = pages("/console/explain", dependencies=[needs(Permission.READ)])

    @routes.get("")
    async def empty(request: Request) -> Response:
        query = asked(Question, request)
        return await _answer(sidecar, request, query if query.filled else Asked(Texts(), None))

    @routes.post("")
    async def ask(request: Request, fields: Annotated[dict[str, str], Depends(form)]) -> Response:
        filled = {name: fields.get(name, "") for name in _NAMES}
        values = tuple(line.strip() for line in filled["identity"].splitlines() if line.strip())
        return await _answer(sidecar, request, filled_in(Question, filled, {"identity": values}))

    return routes


async def _answer(sidecar: Sidecar, request: Request, question: Asked[Question]) -> Response:
    outcome = await explanation(sidecar, question.value) if question.value else None
    status = 422 if question.mistakes else 200
    peers = sidecar.in_force.snapshot().peers if sidecar.in_force else ()
    return page(
        request,
        "explain.html",
        status,
        filled=question.filled,
        wrong=question.mistakes,
        outcome=outcome,
        sources=[(str(network), peer.name) for peer in peers for network in peer.addresses],
    )
