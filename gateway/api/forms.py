"""The fields of a page's form: read once, bounded, each name once."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request

from gateway.api.problems import Unfit

FORM = "application/x-www-form-urlencoded"

LONGEST_FORM = 1_048_576
"""Bytes: a page may take a whole list of numbers in a text field."""

_MOST_FIELDS = 200


def is_form(request: Request) -> bool:
    """Whether a request says that its body is a form."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


async def form(request: Request) -> dict[str, str]:
    """The fields by name; raises Unfit (400, 413 or 415). May be asked again in the same request."""
    known: dict[str, str] | None = getattr(request.state, "form", None)
    if known is None:
        known = request.state.form = await _read(request)
    return known


async def _read(request: Request) -> dict[str, str]:
    if not is_form(request):
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
