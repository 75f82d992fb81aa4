"""`/v1/list-groups/{name}/numbers`: the numbers of a list group, one by one, in pages, or a million of them in one upload.

An upload is CSV with one number a line. It is received whole before the database hears of it, and it counts whole or
not at all. How far it is stands at `/v1/uploads`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from gateway.access.permissions import Permission
from gateway.api import uploads
from gateway.api.authorisation import needs
from gateway.api.problems import Unfit, problems
from gateway.api.query import Paging, WrittenNumber, asked, parameters
from gateway.api.sidecar import Sidecar
from gateway.api.uploads import CSV, Mode, Upload, Uploads
from gateway.api.who import who
from gateway.rim import Strict
from gateway.store.errors import NotThere
from gateway.store.store import Store

_LINES_AT_ONCE = 1000
_PROBLEMS = {404: "There is no such group", 503: "The database is away"}
_TAKES = {
    "requestBody": {
        "required": True,
        "content": {CSV: {"schema": {"type": "string"}, "example": "number\n+12155550100\n+12155550101\n"}},
    }
}


class NumberList(BaseModel):
    """A page of numbers, shorter ones first; `next` is the `after` of the following page."""

    items: list[str] = Field(examples=[["+12155550100"]])
    next: str | None


class NumberQuery(Paging):
    """Which part of a group, or whether one number is in it."""

    number: Annotated[WrittenNumber | None, Field(description="This one, if it is listed.")] = None


class UploadQuery(Strict):
    """What becomes of the numbers a group has already."""

    mode: Annotated[
        Mode,
        Field(description="replace: the group holds these alone. add: these too. remove: none of these."),
    ] = "replace"


class Uploaded(BaseModel):
    """A finished upload."""

    id: str = Field(description="As at /v1/uploads.")
    changed: int = Field(description="Numbers that came to the group or left it.")


class Listed(BaseModel):
    """One number of a group, in its canonical form where it has one."""

    number: str = Field(examples=["+12155550100"])


def router(sidecar: Sidecar, running: Uploads) -> APIRouter:
    """The numbers of every list group; `running` is told of uploads."""
    routes = APIRouter(prefix="/v1/list-groups/{name}", tags=["list-groups"])
    _add_whole(routes, sidecar, running)
    _add_one(routes, sidecar)
    return routes


def _add_whole(routes: APIRouter, sidecar: Sidecar, running: Uploads) -> None:
    @routes.get(
        "/numbers",
        dependencies=[needs(Permission.READ)],
        summary="Page through a group's numbers",
        responses=problems({400: "The query is not understood", **_PROBLEMS}),
        openapi_extra=parameters(NumberQuery),
    )
    def page(request: Request, name: str) -> NumberList:
        query = asked(NumberQuery, request)
        try:
            found = sidecar.store().numbers(name, query.limit, query.after, query.number)
        except ValueError as error:
            raise Unfit(400, str(error)) from None
        return NumberList(items=list(found.entries), next=found.next)

    @routes.get(
        "/numbers.csv",
        dependencies=[needs(Permission.READ)],
        summary="All of a group's numbers",
        response_class=StreamingResponse,
        responses={200: {"content": {CSV: {}}}, **problems(_PROBLEMS)},
    )
    def export(name: str) -> StreamingResponse:
        _check_there(sidecar, name)  # before the answer begins
        return StreamingResponse(_csv(sidecar.store().every_number(name)), media_type=f"{CSV}; charset=utf-8")

    @routes.put(
        "/numbers",
        dependencies=[needs(Permission.POLICY)],
        summary="Upload a group's numbers",
        responses=problems(
            {
                413: "It is too long",
                415: "It is no CSV",
                422: "Lines are wrong, and nothing was changed",
                **_PROBLEMS,
            }
        ),
        openapi_extra=_TAKES | parameters(UploadQuery),
    )
    async def upload(request: Request, name: str) -> Uploaded:
        mode, size = asked(UploadQuery, request).mode, uploads.announced_size(request)
        await run_in_threadpool(_check_there, sidecar, name)
        with running.one(name, mode, size) as one, uploads.room() as file:
            await uploads.receive(request, one, file)
            changed = await run_in_threadpool(_store, sidecar, one, file, who(request))
        return Uploaded(id=one.id, changed=changed)


def _add_one(routes: APIRouter, sidecar: Sidecar) -> None:
    wrong = problems({422: "It is no number", **_PROBLEMS})

    @routes.get(
        "/numbers/{number}",
        summary="Is this number in the group?",
        responses=wrong,
        dependencies=[needs(Permission.READ)],
    )
    def read(name: str, number: str) -> Listed:
        return Listed(number=_listed(sidecar.store(), name, number))

    @routes.put(
        "/numbers/{number}",
        status_code=204,
        summary="Add one number",
        responses=wrong,
        dependencies=[needs(Permission.POLICY)],
    )
    def add(request: Request, name: str, number: str) -> Response:
        sidecar.store().put_numbers(name, [_line(number)], who(request), "add")
        return Response(status_code=204)

    @routes.delete(
        "/numbers/{number}",
        status_code=204,
        summary="Take one number away",
        responses=wrong,
        dependencies=[needs(Permission.POLICY)],
    )
    def remove(request: Request, name: str, number: str) -> Response:
        store = sidecar.store()
        store.put_numbers(name, [_listed(store, name, number)], who(request), "remove")
        return Response(status_code=204)


def _check_there(sidecar: Sidecar, group: str) -> None:
    """Raise NotThere for a group that is not."""
    sidecar.store().numbers(group, limit=1)


def _store(sidecar: Sidecar, upload: Upload, file: BinaryIO, by: str) -> int:
    """Put what was received in place; how many numbers came or went."""
    return sidecar.store().put_numbers(upload.group, uploads.lines(file), by, upload.mode, upload.looked_at)


def _listed(store: Store, group: str, number: str) -> str:
    """The number as the group has it; raises NotThere, or Unfit (422) for what is none."""
    try:
        found = store.numbers(group, limit=1, number=_line(number)).entries
    except ValueError as error:
        raise Unfit(422, str(error)) from None
    if not found:
        raise NotThere(f"{number!r} is not in list group {group!r}")
    return found[0]


def _line(number: str) -> str:
    """One number that stands in an address; an empty line would be none at all."""
    if not number.strip() or number.strip().lower() == "number":
        raise Unfit(422, f"{number!r} is not a number")
    return number


def _csv(numbers: Iterator[str]) -> Iterator[str]:
    """Some lines at a time: an answer of a million parts takes longer than its numbers."""
    lines = chain(["number"], numbers)
    while some := list(islice(lines, _LINES_AT_ONCE)):
        yield "".join(f"{line}\n" for line in some)
