"""The console's own files: they are read once, served to anybody, and named by their content, so browsers may keep them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files

from fastapi import APIRouter, HTTPException, Response

from gateway.api.authorisation import public

PATH = "/console/static/{name}"

_TYPES = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_FILES: Mapping[str, bytes] = {
    name: files("gateway.api.console").joinpath("static", name).read_bytes() for name in _TYPES
}
_A_YEAR = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


def url(name: str) -> str:
    """The address of one of the files, another one with every change of it."""
    return f"{PATH.format(name=name)}?{sha256(_FILES[name]).hexdigest()[:12]}"


def router() -> APIRouter:
    """The files."""
    routes = APIRouter(include_in_schema=False, dependencies=[public()])

    @routes.get(PATH)
    async def file(name: str) -> Response:
        if name not in _FILES:
            raise HTTPException(404, f"there is no file {name[:40]!r}")
        return Response(_FILES[name], media_type=_TYPES[name], headers=_A_YEAR)

    return routes
