"""`POST /v1/explain`: what this node would do with a call, every check in order, without one being placed.

Identity values of a carrier's call are judged as they stand now, whatever `at` says: certificates are those of today.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AfterValidator, Field

from gateway.access.permissions import Permission
from gateway.api import answers
from gateway.api.authorisation import needs
from gateway.api.body import described, json_body, validated
from gateway.api.openapi import example
from gateway.api.problems import Unfit, problems
from gateway.api.query import Moment
from gateway.api.sidecar import InForce, Sidecar
from gateway.dry_run import DryRun
from gateway.explained import Explained, stranger
from gateway.origid import new_origid
from gateway.policy.networks import plain_address
from gateway.policy.peers import Peer
from gateway.policy.snapshot import Snapshot
from gateway.rim import Strict
from gateway.stir.identity import MAX_VALUE
from gateway.stir.signalled import signalled
from gateway.stir.verification import MOST_IDENTITIES


def _address(text: str) -> str:
    found = plain_address(text)
    if found is None:
        raise ValueError("write an address, like 192.0.2.1 or 2001:db8::1")
    return str(found)


AddressText = Annotated[str, AfterValidator(_address)]
Written = Annotated[str, Field(max_length=256)]
IdentityValue = Annotated[str, Field(max_length=MAX_VALUE)]

_EXAMPLE = {"source": "192.0.2.1", "from": "2155550100", "to": "12425550123", "at": "2027-01-15T23:30:00Z"}


class Question(Strict):
    """A call: the address it comes from, its numbers as its peer writes them, its Identity values, and when."""

    source: AddressText
    caller: Written = Field(alias="from")
    callee: Written = Field(alias="to")
    identity: Annotated[tuple[IdentityValue, ...], Field(max_length=MOST_IDENTITIES)] = ()
    at: Moment | None = Field(default=None, description="Left out: now.")


def router(sidecar: Sidecar) -> APIRouter:
    """The dry run."""
    routes = APIRouter(prefix="/v1", tags=["explain"], dependencies=[needs(Permission.READ)])

    @routes.post(
        "/explain",
        summary="What would become of this call, check by check?",
        responses=example(answers.EXPLAINED)
        | problems({422: "The call is not described", 503: "This node knows no policy"}),
        openapi_extra=described(Question, _EXAMPLE),
        response_model_exclude_none=True,
    )
    async def explain_call(body: Annotated[object, Depends(json_body)]) -> Explained:
        return await explanation(sidecar, validated(Question, body))

    return routes


async def explanation(sidecar: Sidecar, asked: Question) -> Explained:
    """What would become of a call; raises Unfit (503) where no policy is followed."""
    in_force = sidecar.in_force
    if in_force is None:
        raise Unfit(503, "this process follows no policy")
    snapshot = in_force.snapshot()
    peer = snapshot.peers.find(asked.source)
    if peer is None:
        return stranger(asked.source)
    call = _call(asked, peer, in_force, sidecar.now())
    return await _explained(sidecar, asked, call, snapshot, in_force)


def _call(asked: Question, peer: Peer, in_force: InForce, now: float) -> DryRun:
    at = now if asked.at is None else asked.at
    return DryRun(peer, asked.source, in_force.country(asked.source), asked.caller, asked.callee, at)


async def _explained(
    sidecar: Sidecar, asked: Question, call: DryRun, snapshot: Snapshot, in_force: InForce
) -> Explained:
    usage = in_force.usage()
    if call.peer.role == "softswitch":
        return call.outbound(asked.identity, snapshot, sidecar.book, usage, new_origid())
    parties = signalled((), call.caller, call.callee, call.callee, call.peer.plan)
    return call.inbound(await sidecar.verify(asked.identity, parties), snapshot, usage)
