"""The sidecar's application: its resources, and the one place where an error becomes an HTTP answer."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from gateway.access.permissions import Permission
from gateway.api import (
    acme,
    audit,
    blacklist,
    calls,
    certificates,
    description,
    entries,
    explain,
    health,
    keys,
    me,
    metrics,
    nodes,
    numbers,
    published,
    sections,
    sessions,
    signing,
    system_parameters,
    tokens,
    traceback,
    uploads,
    users,
    verification,
)
from gateway.api.authorisation import NotAllowed, check_routes
from gateway.api.console import router as console
from gateway.api.console.errors import is_console, problem_page
from gateway.api.credential_errors import answer_credential_errors
from gateway.api.methods import allowed
from gateway.api.openapi import Application
from gateway.api.patience import SECONDS, Patience, TooSlow
from gateway.api.problems import Unfit, problem
from gateway.api.refusals import refuse_access
from gateway.api.sidecar import Sidecar
from gateway.api.stir_errors import MessageId, StirError
from gateway.api.stir_http import PREFIX, is_stir, refuse
from gateway.api.store_errors import answer_store_errors
from gateway.api.thin import add_thin
from gateway.store.parameters_entry import KEY
from gateway.store.resources import RESOURCES
from gateway.version import version

_STIR_ERRORS: dict[int, MessageId] = {404: "SVC4003", 405: "POL4050"}


def create_app(sidecar: Sidecar, patience: float = SECONDS) -> FastAPI:
    """The application that serves this sidecar's world; patience: seconds that a slow body has."""
    app = Application(
        title="STIR/SHAKEN gateway",
        version=version(),
        description="The operator's policy and the call log, signing and verification for other SIP elements "
        "(ATIS-1000082, 3GPP TS 24.229 Annex V), our certificates, health and metrics.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    registry = CollectorRegistry()
    app.include_router(signing.router(sidecar))
    app.include_router(verification.router(sidecar, registry))
    app.include_router(description.router())
    app.include_router(health.router(sidecar))
    app.include_router(metrics.router(sidecar, registry))
    app.include_router(published.router(sidecar))
    running = uploads.Uploads(sidecar.now)
    _include_policy(app, sidecar, running)
    app.include_router(console.router(sidecar, running))
    _answer_errors(app)
    app.add_middleware(Patience, seconds=patience)
    answer_store_errors(app)
    answer_credential_errors(app)
    add_thin(app, f"{PREFIX}/signing", Permission.STIR, partial(signing.answer, sidecar))
    app.state.sidecar = sidecar
    check_routes(app.routes)
    return app


def _include_policy(app: FastAPI, sidecar: Sidecar, running: uploads.Uploads) -> None:
    """Everything under /v1. What stands under an address of its own comes before the entries' keys, which may be any text."""
    app.include_router(uploads.router(running))
    app.include_router(numbers.router(sidecar, running))
    parts = (sections, system_parameters, blacklist, audit, calls, traceback, explain, keys, certificates)
    for resource in (*parts, acme, nodes, me, users, tokens, sessions):
        app.include_router(resource.router(sidecar))
    for kind in RESOURCES.values():
        if kind.name != KEY:
            app.include_router(entries.router(sidecar, kind))


def _answer_errors(app: FastAPI) -> None:
    @app.exception_handler(StirError)
    async def stir_error(request: Request, error: StirError) -> Response:
        return refuse(request, error)

    @app.exception_handler(NotAllowed)
    async def not_allowed(request: Request, error: NotAllowed) -> Response:
        return refuse_access(request, error)

    @app.exception_handler(Unfit)
    async def unfit(request: Request, error: Unfit) -> JSONResponse:
        return problem(request, error.status, error.detail, error.mistakes)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        if is_stir(request) and error.status_code in _STIR_ERRORS:
            answer: Response = refuse(request, StirError(_STIR_ERRORS[error.status_code]))
        else:
            answer = problem(request, error.status_code, error.detail)
        answer.headers.update(error.headers or {})
        if error.status_code == 405:
            answer.headers["Allow"] = allowed(request)
        return answer

    @app.exception_handler(TooSlow)
    async def too_slow(request: Request, _error: TooSlow) -> Response:
        if is_stir(request):
            answer: Response = refuse(request, StirError("POL4080"))
        elif is_console(request):
            answer = problem_page(request, 408, "What was sent did not come in time.")
        else:
            answer = problem(request, 408, "the body did not come in time: send it faster")
        answer.headers["Connection"] = "close"  # what is still to come is not waited for
        return answer

    @app.exception_handler(ClientDisconnect)
    async def nobody_there(request: Request, _error: ClientDisconnect) -> JSONResponse:
        return problem(request, 400, "the request ended before its body did")

    @app.exception_handler(Exception)
    async def internal_error(request: Request, error: Exception) -> Response:
        if is_stir(request):
            return refuse(request, StirError("POL5000", type(error).__name__))
        if is_console(request):
            return problem_page(request, 500, "The reason is in the log.")
        return problem(request, 500, "the reason is in the log")
