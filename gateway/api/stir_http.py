"""What the resources under /stir/v1 share: the checks every request passes, and the form of every answer.

The checks come in the order of the exception table: headers, body, parameters. A request is read whole before its headers
are judged, because only its body tells which dialect the answer must be written in (`ms.is_spoken`); what cannot be
read is answered in the ATIS one.
"""

from __future__ import annotations

import re

from fastapi import Request, Response
from pydantic import BaseModel
from starlette.datastructures import Headers

from gateway.api import ms, strict_json
from gateway.api.models import JSON
from gateway.api.stir_errors import StirError
from gateway.origid import new_origid
from gateway.stir.identity import MAX_VALUE
from gateway.stir.verification import MOST_IDENTITIES

PREFIX = "/stir/v1"
LONGEST_BODY = MOST_IDENTITIES * MAX_VALUE + 16_384
"""Bytes: as many Identity values as are looked at, each as long as one may be, and room for the rest."""

_LONGEST_ID = 128
_is_length = re.compile(r"[0-9]{1,18}").fullmatch


def is_stir(request: Request) -> bool:
    """Whether a request is for a resource under /stir/v1."""
    return _path(request).startswith(f"{PREFIX}/")


async def read(request: Request) -> object:
    """The JSON that a request carries; raises StirError for one that cannot be served.

    Marks the request with its dialect, for `speaks_ms` and for whatever error comes later.
    """
    body = await _body(request)
    try:
        found = parse(body)
    except StirError:
        _check_types(request.headers)  # would have come first
        raise
    request.state.speaks_ms = ms.is_spoken(found)
    _check_types(request.headers)
    return found


def speaks_ms(request: Request) -> bool:
    """Whether a request is known to be of the 3GPP dialect, by its body or its path."""
    return getattr(request.state, "speaks_ms", False) or _path(request).removeprefix(PREFIX) in ms.PATHS


def parse(body: bytes) -> object:
    """The value of a JSON text; raises StirError for no text at all, or one that can be read in two ways."""
    if not body.strip():
        raise StirError("SVC4000")
    try:
        return strict_json.loads(body)
    except ValueError as error:
        raise StirError("SVC4006", str(error)) from None


def reply(request: Request, status: int, body: BaseModel) -> Response:
    """An answer that carries the request's X-RequestID, or one of ours."""
    wanted = request.headers.get("x-requestid", "")
    request_id = wanted if 0 < len(wanted) <= _LONGEST_ID else new_origid()
    headers = {"X-RequestID": request_id}
    return Response(body.model_dump_json(exclude_none=True), status, headers, JSON)


def refuse(request: Request, error: StirError) -> Response:
    """The answer to a request that cannot be served, in its dialect."""
    return reply(request, error.status, error.ms_body() if speaks_ms(request) else error.body())


def _path(request: Request) -> str:
    """The path that was asked for; `request.url` would be put together for it, and taken apart again."""
    path: str = request.scope["path"]
    return path


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if _is_length(length) is None:
        raise StirError("SVC4007")
    if int(length) > LONGEST_BODY:
        raise StirError("SVC4005", "Content-Length", f"more than {LONGEST_BODY} bytes")
    return await request.body()


def _check_types(headers: Headers) -> None:
    if _media_type(headers.get("content-type", "")) != JSON:
        raise StirError("SVC4004", JSON)
    accepted = headers.get("accept", "*/*")
    if not {"*/*", "application/*", JSON}.intersection(map(_media_type, accepted.split(","))):
        raise StirError("SVC4002", accepted[:100])


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()
