"""`GET /v1/traceback`: everything that is known about one call, in one answer, for whoever asks where a call came from."""

from __future__ import annotations

from typing import Annotated, Any, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, model_validator

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.call_record import CallRecord
from gateway.api.calls import canonical
from gateway.api.problems import problems
from gateway.api.query import Moment, WrittenNumber, asked, parameters
from gateway.api.sidecar import Sidecar
from gateway.rim import Strict
from gateway.store.calls import Traceback
from gateway.store.errors import NotThere


class TraceQuery(Strict):
    """Which call: by its token's origid, or by a number of either party and about when."""

    origid: Annotated[str | None, Field(max_length=64)] = None
    number: Annotated[WrittenNumber | None, Field(description="Of either party.")] = None
    at: Annotated[Moment | None, Field(description="The call nearest to this; left out, the last one.")] = (
        None
    )

    @model_validator(mode="after")
    def _one_call(self) -> Self:
        if (self.origid is None) == (self.number is None):
            raise ValueError("name an origid or a number")
        return self


class TraceFact(BaseModel):
    """An entry the call was decided by, as it stood when the call came; null where there was none."""

    resource: str = Field(examples=["number-sections"])
    key: str
    entry: dict[str, Any] | None
    changed: bool = Field(description="Whether it is another one now.")


class Trace(BaseModel):
    """One call, the other calls of its number within an hour and of its Call-ID, and what it was decided by."""

    call: CallRecord
    attempts: list[CallRecord]
    more: bool = Field(description="Whether there were more attempts than are told.")
    facts: list[TraceFact]


def router(sidecar: Sidecar) -> APIRouter:
    """The trace of one call."""
    routes = APIRouter(prefix="/v1", tags=["calls"], dependencies=[needs(Permission.READ)])

    @routes.get(
        "/traceback",
        summary="Everything known about one call",
        responses=problems(
            {400: "The query is not understood", 404: "No such call is kept", 503: "The database is away"}
        ),
        openapi_extra=parameters(TraceQuery),
    )
    def trace(request: Request) -> Trace:
        query = asked(TraceQuery, request)
        number = canonical(query.number, sidecar.plan)
        found = sidecar.call_log().traceback(origid=query.origid, number=number, at=query.at)
        if found is None:
            raise NotThere("no such call is in the log; it may be older than [store] keep_calls")
        return _trace(found)

    return routes


def _trace(found: Traceback) -> Trace:
    return Trace(
        call=CallRecord.of(found.call),
        attempts=[CallRecord.of(call) for call in found.attempts],
        more=found.more,
        facts=[
            TraceFact(
                resource=fact.resource,
                key=fact.key,
                entry=None if fact.entry is None else dict(fact.entry),
                changed=fact.changed,
            )
            for fact in found.facts
        ],
    )
