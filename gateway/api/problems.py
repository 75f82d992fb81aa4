"""Errors over HTTP in the form of RFC 9457, for every resource that no other standard gives a form."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field


class Problem(BaseModel):
    """One error: `title` names its kind, `detail` says what is wrong this time and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    instance: str | None = Field(default=None, description="The path that was asked for.")


def problem(request: Request, status: int, detail: str | None = None) -> JSONResponse:
    """The answer that tells a client what went wrong."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, instance=request.url.path)
    return JSONResponse(
        body.model_dump(exclude_none=True), status_code=status, media_type="application/problem+json"
    )
