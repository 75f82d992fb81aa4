"""`/v1/calls`: every call that was decided, newest first, filtered, in pages or as one CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.call_record import CallRecord
from gateway.api.problems import Unfit, problems
from gateway.api.query import Moment, Paging, WrittenNumber, asked, parameters
from gateway.api.sidecar import Sidecar
from gateway.rim import Strict
from gateway.stir.claims import Attest
from gateway.stir.reasons import Verstat
from gateway.stir.signalled import number_of
from gateway.stir.tn import NumberPlan
from gateway.store.calls import Call, CallFilters, CallLog

CSV_PAGE = 1000
"""Calls that a CSV reads at once."""

_NUMBERS = ("caller", "callee", "number")
_PROBLEMS = problems({400: "The query is not understood", 503: "The database is away"})

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_is_plain_number = re.compile(r"[+-]?[0-9]+").fullmatch


class CallList(BaseModel):
    """A page of calls, newest first; `next` is the `after` of the following page."""

    items: list[CallRecord]
    next: str | None


class Filters(Strict):
    """What the calls have in common."""

    direction: Literal["inbound", "outbound"] | None = None
    peer: str | None = None
    account: str | None = None
    caller: WrittenNumber | None = None
    callee: WrittenNumber | None = None
    number: Annotated[WrittenNumber | None, Field(description="Of either party.")] = None
    rule: Annotated[str | None, Field(description="The beginning of a rule's id, such as `list.black`.")] = (
        None
    )
    code: Annotated[int | None, Field(ge=100, le=699)] = None
    attest: Attest | None = None
    verstat: Verstat | None = None
    origid: str | None = None
    call_id: str | None = None
    since: Annotated[Moment | None, Field(description="Included.")] = None
    until: Annotated[Moment | None, Field(description="Not included.")] = None

    def value(self, plan: NumberPlan) -> CallFilters:
        """The filters as the call log takes them; Unfit (400) for a number that is none."""
        chosen = {field.name: getattr(self, field.name) for field in fields(CallFilters)}
        return CallFilters(**chosen | {name: canonical(chosen[name], plan) for name in _NUMBERS})


class CallQuery(Filters, Paging):
    """Filters, and which part of the list."""


def router(sidecar: Sidecar) -> APIRouter:
    """The call log."""
    routes = APIRouter(prefix="/v1", tags=["calls"], dependencies=[needs(Permission.READ)])

    @routes.get(
        "/calls", summary="Calls, newest first", responses=_PROBLEMS, openapi_extra=parameters(CallQuery)
    )
    def page(request: Request) -> CallList:
        query = asked(CallQuery, request)
        filters = query.value(sidecar.plan)
        try:
            found = sidecar.call_log().page(filters, query.limit, query.after)
        except ValueError as error:
            raise Unfit(400, f"after: {error}") from None
        return CallList(items=[CallRecord.of(call) for call in found.calls], next=found.next)

    @routes.get(
        "/calls.csv",
        summary="Calls, newest first, as CSV",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/csv": {}}}, **_PROBLEMS},
        openapi_extra=parameters(Filters),
    )
    def export(request: Request) -> StreamingResponse:
        filters = asked(Filters, request).value(sidecar.plan)
        rows = _rows(sidecar.call_log(), filters)
        first = next(
            rows
        )  # before the answer begins, so that a database that is away is a problem and no empty file
        headers = {"Content-Disposition": 'attachment; filename="calls.csv"'}
        return StreamingResponse(_all(first, rows), media_type="text/csv; charset=utf-8", headers=headers)

    return routes


def canonical(written: str | None, plan: NumberPlan) -> str | None:
    """The number as the call log has it, None where none is asked for; raises Unfit (400) for what is none."""
    if written is None:
        return None
    found = number_of(written, plan)
    if found is None:
        raise Unfit(400, f"{written!r} is not a telephone number")
    return found


def _rows(log: CallLog, filters: CallFilters) -> Iterator[str]:
    """The CSV by pages, the head line with the first."""
    after: str | None = None
    head: tuple[tuple[str, ...], ...] = (tuple(CallRecord.model_fields),)
    while head or after is not None:
        found = log.page(filters, CSV_PAGE, after)
        yield _text((*head, *map(_cells, found.calls)))
        head, after = (), found.next


def _all(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _cells(call: Call) -> tuple[str, ...]:
    return tuple(map(_cell, CallRecord.of(call).model_dump(mode="json").values()))


def _cell(value: object) -> str:
    """A spreadsheet takes text that begins so for a formula, and part of a call is what strangers wrote."""
    text = "" if value is None else str(value)
    risky = isinstance(value, str) and text.startswith(_FORMULAS) and not _is_plain_number(text)
    return f"'{text}" if risky else text


def _text(rows: tuple[tuple[str, ...], ...]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
