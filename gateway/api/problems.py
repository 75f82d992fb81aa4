"""Errors over HTTP in the form of RFC 9457, for every resource that no other standard gives a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from gateway.api.headers import RETRY_AFTER, Responses
from gateway.api.models import component

MEDIA_TYPE = "application/problem+json"

_WORTH_ANOTHER_TRY = frozenset({429, 503})


class Mistake(BaseModel):
    """One thing that is wrong with what a client sent: where it stands, and what is wrong with it."""

    path: str = Field(examples=["limits.cps"], description="Empty for what concerns the whole.")
    text: str = Field(examples=["Input should be greater than or equal to 0"])


class Problem(BaseModel):
    """One error: `title` names its kind, `detail` says what is wrong this time and what to do."""

    type: str = Field(default="about:blank", description="`about:blank`: the title is that of the status.")
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422])
    detail: str | None = Field(default=None, examples=["one mistake"])
    instance: str | None = Field(
        default=None, description="The path that was asked for.", examples=["/v1/accounts"]
    )
    errors: list[Mistake] | None = Field(default=None, description="Every mistake in what was sent.")


class Unfit(Exception):
    """What a client sent cannot be used; becomes its HTTP answer at the door."""

    def __init__(self, status: int, detail: str, mistakes: Iterable[Mistake] = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.mistakes = status, detail, list(mistakes)


def problem(
    request: Request, status: int, detail: str | None = None, mistakes: list[Mistake] | None = None
) -> JSONResponse:
    """The answer that tells a client what went wrong."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=mistakes or None,
    )
    return JSONResponse(body.model_dump(exclude_none=True), status_code=status, media_type=MEDIA_TYPE)


def problems(texts: Mapping[int, str]) -> Responses:
    """How an operation says which problems it answers with, by status."""
    content = {MEDIA_TYPE: {"schema": component(Problem)}}
    described = {status: {"description": text, "content": content} for status, text in texts.items()}
    return {
        status: one | ({"headers": RETRY_AFTER} if status in _WORTH_ANOTHER_TRY else {})
        for status, one in described.items()
    }
