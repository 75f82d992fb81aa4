"""`/v1/acme`: how the certificates that are ordered by ACME stand, and renewal now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StrictBool

from gateway.access.permissions import Permission
from gateway.acme.renewals import Renewals, Wish
from gateway.acme.state import Trouble
from gateway.acme.telling import OrderStatus, Standing
from gateway.api.authorisation import needs
from gateway.api.body import described, json_body, validated
from gateway.api.problems import Unfit, problems
from gateway.api.query import as_time
from gateway.api.sidecar import Sidecar
from gateway.rim import Strict

_EXAMPLE = {"order": "616H", "dry_run": True}


class AcmeTrouble(BaseModel):
    """Why the last attempt failed; `reason` is stable, `text` is for people."""

    at: datetime
    reason: str = Field(examples=["sti-pa-unavailable"])
    text: str


class AcmeRehearsal(BaseModel):
    """The last dry run; `error` is null where a certificate would have been issued."""

    at: datetime
    error: AcmeTrouble | None


class AcmeOrder(BaseModel):
    """One certificate that is to be had at all times."""

    name: str = Field(examples=["616H"])
    spc: str = Field(examples=["616H"])
    account: str | None = Field(description="Who signs with it; null: whoever has none of their own.")
    state: Standing = Field(
        description="good: nothing to do yet. due: it is being done. waiting: the STI-CA is at work. "
        "failing: the last attempt failed, and there will be another."
    )
    certificate: str | None = Field(description="The one that is to be renewed, null where there is none.")
    not_after: datetime | None
    renewal_at: datetime | None
    next_attempt: datetime = Field(description="Nothing is tried before.")
    urgency: int = Field(
        ge=0, le=4, description="Of 30, 14, 7 and 1 days left, how many a renewal that is due has passed."
    )
    failures: int = Field(description="Attempts in a row that came to nothing.")
    error: AcmeTrouble | None
    renewed_at: datetime | None
    order_url: str | None = Field(description="The order under way, as the STI-CA has it.")
    begun_at: datetime | None
    dry_run: AcmeRehearsal | None


class AcmeState(BaseModel):
    """Everything that is ordered by ACME, as of a second ago at most; `directory` is null where nothing is."""

    directory: str | None
    problem: str | None = Field(description="What keeps any order from being worked on.")
    orders: list[AcmeOrder]


class Renewal(Strict):
    """Which order is to be worked on now, all of them where it is left out."""

    order: Annotated[str, Field(max_length=64)] | None = None
    dry_run: StrictBool = Field(
        default=False, description="Up to where a certificate would be issued, and no further."
    )
    anew: StrictBool = Field(
        default=False, description="Give up the order under way, if there is one, and begin another."
    )


def router(sidecar: Sidecar) -> APIRouter:
    """The orders."""
    routes = APIRouter(prefix="/v1", tags=["acme"])

    @routes.get(
        "/acme",
        summary="How the certificates ordered by ACME stand",
        dependencies=[needs(Permission.READ)],
    )
    async def get_orders() -> AcmeState:
        return acme_state(sidecar.acme)

    @routes.post(
        "/acme/renew",
        summary="Renew now, or see whether that would work",
        status_code=202,
        dependencies=[needs(Permission.ROTATE)],
        responses=problems(
            {404: "There is no such order", 409: "This node orders nothing by ACME", 422: "The body is wrong"}
        ),
        openapi_extra=described(Renewal, _EXAMPLE),
    )
    async def renew_certificates(body: Annotated[object, Depends(json_body)]) -> AcmeState:
        ask_for_renewal(sidecar, validated(Renewal, body))
        return acme_state(sidecar.acme)

    return routes


def ask_for_renewal(sidecar: Sidecar, asked: Renewal) -> None:
    """Have orders worked on now; raises Unfit (404, 409)."""
    acme = sidecar.acme
    if acme is None:
        raise Unfit(409, "this node orders nothing: write [acme] in its configuration, and start it anew")
    names = [each.called for each in acme.settings.orders if asked.order in (None, each.called)]
    if not names:
        raise Unfit(404, f"there is no order {asked.order!r}; see /v1/acme")
    for name in names:
        acme.ask(name, Wish(asked.dry_run, asked.anew))


def acme_state(acme: Renewals | None) -> AcmeState:
    """How every order stands."""
    if acme is None:
        return AcmeState(directory=None, problem=None, orders=[])
    current = acme.current
    return AcmeState(
        directory=acme.settings.directory,
        problem=current.problem,
        orders=[_order(each) for each in current.orders],
    )


def _order(status: OrderStatus) -> AcmeOrder:
    held, rehearsal = status.held, status.rehearsal
    return AcmeOrder(
        name=status.name,
        spc=status.spc,
        account=status.account,
        state=status.standing,
        certificate=held.name if held else None,
        not_after=as_time(held.not_after) if held else None,
        renewal_at=_time(status.renewal_at),
        next_attempt=as_time(status.next_attempt),
        urgency=status.urgency,
        failures=status.failures,
        error=_trouble(status.trouble),
        renewed_at=_time(status.renewed_at),
        order_url=status.order_url,
        begun_at=_time(status.begun_at),
        dry_run=AcmeRehearsal(at=as_time(rehearsal.at), error=_trouble(rehearsal.trouble))
        if rehearsal
        else None,
    )


def _trouble(trouble: Trouble | None) -> AcmeTrouble | None:
    return AcmeTrouble(at=as_time(trouble.at), reason=trouble.reason, text=trouble.text) if trouble else None


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else as_time(seconds)
