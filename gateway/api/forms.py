"""The fields of a page's form, and the file that may come with them: read once, bounded, each name once."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from gateway.api.problems import Unfit

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

LONGEST_FORM = 1_048_576
"""Bytes: a page may take a whole list of numbers in a text field."""

LONGEST_UPLOAD = 256 * 1024 * 1024
"""Bytes of a file: ten million numbers, with room for long ones."""

_MOST_FIELDS = 200


def is_form(request: Request) -> bool:
    """Whether a request says that its body is a form."""
    return _type(request) in (FORM, MULTIPART)


async def form(request: Request) -> dict[str, str]:
    """The fields by name; raises Unfit (400, 413 or 415). May be asked again in the same request."""
    known: dict[str, str] | None = getattr(request.state, "form", None)
    if known is None:
        known = request.state.form = await _read(request)
    return known


async def upload(request: Request) -> UploadFile | None:
    """The file that came with a form, None where none was chosen. It is gone once it is closed; raises as `form` does."""
    await form(request)
    found: UploadFile | None = getattr(request.state, "upload", None)
    return found


async def _read(request: Request) -> dict[str, str]:
    if _type(request) == MULTIPART:
        return await _read_parts(request)
    if _type(request) != FORM:
        raise Unfit(415, f"send a form as {FORM}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            raise Unfit(413, f"a form has {LONGEST_FORM} bytes at most")
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Unfit(400, "the form cannot be read") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Unfit(400, "a field stands twice in the form")
    return fields


async def _read_parts(request: Request) -> dict[str, str]:
    """The text parts; a file goes to a temporary one on its way."""
    announced = request.headers.get("content-length", "")
    if not (announced.isascii() and announced.isdecimal()):
        raise Unfit(411, "say how long the form is, in Content-Length")
    if int(announced) > LONGEST_UPLOAD:
        raise Unfit(413, f"a file has {LONGEST_UPLOAD} bytes at most: send the rest as another one")
    try:
        parts = await request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=LONGEST_FORM)
    except (MultiPartException, HTTPException):
        raise Unfit(400, "the form cannot be read") from None
    fields: dict[str, str] = {}
    for name, part in parts.multi_items():
        if name in fields:
            raise Unfit(400, "a field stands twice in the form")
        if isinstance(part, str):
            fields[name] = part
        elif part.filename:
            request.state.upload = part
    return fields


def _type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
