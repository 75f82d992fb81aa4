"""`/openapi.json`: what this API offers, for those who may see what it tells of."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs


def router() -> APIRouter:
    """The description of the whole application."""
    routes = APIRouter(dependencies=[needs(Permission.READ)])

    @routes.get("/openapi.json", include_in_schema=False)
    def description(request: Request) -> JSONResponse:
        described: dict[str, Any] = request.app.openapi()
        return JSONResponse(described)

    return routes
