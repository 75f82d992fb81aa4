"""What can go wrong with the store, as HTTP: the one table from its errors to problems."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError

from gateway.api.body import counted
from gateway.api.problems import Mistake, problem
from gateway.policy.snapshot import PolicyError
from gateway.store.errors import Conflict, NotThere, Refused, StillNeeded, StoreGone

RETRY_AFTER = 5
"""Seconds: a writer waits longer than that for another one before it gives up."""

_LINE = re.compile(r"(line \d+): (.*)", re.DOTALL)


def answer_store_errors(app: FastAPI) -> None:
    """Have an application answer each of them as a problem."""

    @app.exception_handler(PolicyError)
    async def policy_error(request: Request, error: PolicyError) -> JSONResponse:
        """A policy that would not be good with what was sent, or, after a removal, without what was removed."""
        found = list(mistakes(error))
        if request.method == "DELETE":
            return problem(request, 409, "it is still needed; change what needs it first", found)
        return problem(request, 422, counted(found), found)

    @app.exception_handler(Conflict)
    async def conflict(request: Request, error: Conflict) -> JSONResponse:
        """The condition of a request failed; 409 where that was none of the client's: for a POST, that what it creates is
        not there yet."""
        own = request.method == "POST" or isinstance(error, StillNeeded)
        return problem(request, 409 if own else 412, str(error))

    @app.exception_handler(NotThere)
    async def not_there(request: Request, error: NotThere) -> JSONResponse:
        return problem(request, 404, str(error))

    @app.exception_handler(DataError)
    async def data_error(request: Request, _error: DataError) -> JSONResponse:
        """PostgreSQL takes no NUL in a text, and no number beyond its column."""
        return problem(request, 400, "there is something in it that no database holds, such as a NUL")

    @app.exception_handler(StoreGone)
    async def store_gone(request: Request, error: StoreGone) -> JSONResponse:
        answer = problem(request, 503, str(error))
        answer.headers["Retry-After"] = str(RETRY_AFTER)
        return answer


def mistakes(error: PolicyError) -> Iterator[Mistake]:
    """Each mistake, with its place where that is known."""
    if isinstance(error, Refused):
        yield from (Mistake(path=each.dotted, text=each.text) for each in error.complaints)
        return
    for text in error.errors:
        found = _LINE.fullmatch(text)
        yield Mistake(path=found[1], text=found[2]) if found else Mistake(path="", text=text)
