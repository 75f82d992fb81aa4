"""`/v1/dynamic-blacklist`: who is kept out for a while and why, as VOS3000 shows it; blocked and released by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from gateway.access.permissions import Permission
from gateway.api import answers
from gateway.api.authorisation import needs
from gateway.api.blocking import TYPE_NAMES, Blocking, is_number
from gateway.api.body import described, json_body, validated
from gateway.api.calls import canonical
from gateway.api.headers import LOCATION
from gateway.api.openapi import example
from gateway.api.problems import problems
from gateway.api.query import Paging, WrittenNumber, as_time, asked, parameters
from gateway.api.sidecar import Sidecar
from gateway.api.who import who
from gateway.policy.blocks import BlockType
from gateway.stir.tn import NumberPlan
from gateway.store.blacklist import Held
from gateway.store.errors import NotThere
from gateway.store.last_calls import Party, last_calls

LARGEST_ID = 2**31 - 1

BlockId = Annotated[int, Path(description="Its `id`.", examples=[7])]

_EXAMPLE = {"type": "malicious-call", "subject": "+12155550100", "until": "2027-02-01T00:00:00Z"}


class BlockQuery(Paging):
    """Which blocks."""

    after: Annotated[
        str | None, Field(pattern=r"^[0-9]{1,10}$", description="`next` of the page before.")
    ] = None
    type: Annotated[BlockType | None, Field(description="What kind of subject, and why.")] = None
    number: Annotated[WrittenNumber | None, Field(description="The number that is blocked.")] = None
    subject: Annotated[
        str | None,
        Field(max_length=64, description="The canonical digits, address or account that is blocked."),
    ] = None
    why: Annotated[
        str | None, Field(max_length=64, description="The reason, such as `attempts` or `by-hand`.")
    ] = None
    node: Annotated[str | None, Field(max_length=64, description="The node that found it.")] = None
    active: Annotated[bool, Field(description="false: also those that ran out or were released.")] = True

    def filters(self, plan: NumberPlan) -> dict[str, str]:
        """As the store takes them; raises Unfit (400) for a number that is none."""
        chosen = self.model_dump(include={"type", "subject", "why", "node"}, exclude_none=True)
        if self.number is None:
            return chosen
        return chosen | {"subject": canonical(self.number, plan)}


class BlockRecord(BaseModel):
    """One entry of the dynamic black list."""

    id: int
    type: BlockType
    type_name: str = Field(description="As VOS3000 names it, where it does.", examples=["Malicious Call"])
    subject: str = Field(
        description="Canonical digits, an address, or an account's id.", examples=["12155550100"]
    )
    number: str | None = Field(
        default=None, description="The subject, where it is a number.", examples=["+12155550100"]
    )
    why: str = Field(examples=["attempts"])
    active: bool
    effective: datetime = Field(description="Effective date.")
    expires: datetime | None = Field(default=None, description="Expiration time; null: until it is released.")
    last_call: datetime | None = Field(
        default=None, description="Last call time, as far as the call log goes back."
    )
    node: str | None = Field(default=None, description="Where it was made; null: by hand.")
    released: datetime | None = None
    released_by: str | None = None


class BlockList(BaseModel):
    """A page of blocks, newest first; `next` is the `after` of the following page."""

    items: list[BlockRecord]
    next: str | None


def router(sidecar: Sidecar) -> APIRouter:
    """The dynamic black list."""
    routes = APIRouter(prefix="/v1/dynamic-blacklist", tags=["dynamic-blacklist"])
    _add_reading(routes, sidecar)
    _add_changing(routes, sidecar)
    return routes


def _add_reading(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.get(
        "",
        dependencies=[needs(Permission.READ)],
        summary="Who is kept out, newest first",
        responses=example(answers.page(answers.BLOCK, "7")) | problems({503: "The database is away"}),
        openapi_extra=parameters(BlockQuery),
    )
    def list_blocks(request: Request) -> BlockList:
        query = asked(BlockQuery, request)
        store = sidecar.store()
        filters = query.filters(store.plan())
        found = store.blocks(filters, query.limit, query.after, in_force=query.active)
        return BlockList(items=block_records(sidecar, found.entries), next=found.next)

    @routes.get(
        "/{id:int}",
        dependencies=[needs(Permission.READ)],
        summary="One block",
        responses=example(answers.BLOCK) | problems({404: "It is not there", 503: "The database is away"}),
    )
    def get_block(id: BlockId) -> BlockRecord:
        newest = sidecar.store().blocks(limit=1, after=str(_known(id) + 1), in_force=False).entries
        if not newest or newest[0].id != id:
            raise NotThere(f"there is no block {id}")
        return block_records(sidecar, newest)[0]


def _add_changing(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.post(
        "",
        dependencies=[needs(Permission.POLICY)],
        status_code=201,
        summary="Block by hand",
        response_model=BlockRecord,
        responses=example(answers.BLOCK, 201, LOCATION)
        | problems({422: "It cannot be blocked", 503: "The database is away"}),
        openapi_extra=described(Blocking, _EXAMPLE),
    )
    def add_block(request: Request, body: Annotated[object, Depends(json_body)]) -> JSONResponse:
        store = sidecar.store()
        wanted = validated(Blocking, body).block(store, sidecar.now())
        held = store.add_block(wanted, who(request))
        (record,) = block_records(sidecar, [held])
        location = {"Location": f"/v1/dynamic-blacklist/{held.id}"}
        return JSONResponse(record.model_dump(mode="json"), status_code=201, headers=location)

    @routes.delete(
        "/{id:int}",
        dependencies=[needs(Permission.POLICY)],
        status_code=204,
        summary="Release by hand",
        responses=problems({404: "It is not in force", 503: "The database is away"}),
    )
    def release_block(request: Request, id: BlockId) -> Response:
        sidecar.store().release_block(_known(id), who(request))
        return Response(status_code=204)


def _known(id: int) -> int:
    if id >= LARGEST_ID:
        raise NotThere(f"there is no block {id}")
    return id


def block_records(sidecar: Sidecar, found: Iterable[Held]) -> list[BlockRecord]:
    """Each block as it is told, with the last call of its subject."""
    held = list(found)
    engine = sidecar.store().engine
    times = last_calls(engine, [party for each in held for party in _parties(each)])
    return [_record(each, times, sidecar.now()) for each in held]


def _parties(held: Held) -> list[tuple[Party, str]]:
    """Where in the call log a subject is looked for; calls are not kept by address."""
    subject = held.block.subject
    if is_number(held.block.type):
        return [("caller", subject), ("callee", subject)]
    return [("account", subject)] if held.block.type == "account" else []


def _record(held: Held, times: Mapping[tuple[Party, str], float], now: float) -> BlockRecord:
    block = held.block
    last = max((times[party] for party in _parties(held) if party in times), default=None)
    return BlockRecord(
        id=held.id,
        type=block.type,
        type_name=TYPE_NAMES[block.type],
        subject=block.subject,
        number=f"+{block.subject}" if is_number(block.type) else None,
        why=block.why,
        active=held.released_at is None and block.holds(now),
        effective=as_time(block.since),
        expires=_time(block.until),
        last_call=_time(last),
        node=held.node,
        released=_time(held.released_at),
        released_by=held.released_by,
    )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else as_time(seconds)
