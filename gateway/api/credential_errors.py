"""What can go wrong with our keys and certificates, as HTTP: the one table from reasons to problems."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from gateway.api.problems import Mistake, problem
from gateway.credentials.manifest_file import ManifestUnreadable
from gateway.trust.credential import CredentialRefused

RETRY_AFTER = 5
"""Seconds: for a disk or a token that is away."""

STATUSES = {
    "key-unknown": 404,
    "certificate-unknown": 404,
    "changed-meanwhile": 412,
    "chain-too-long": 413,
    "key-file-too-long": 413,
    **dict.fromkeys(
        (
            *(
                "key-known",
                "key-in-use",
                "too-many-keys",
                "name-taken",
                "already-installed",
                "already-active",
            ),
            *("too-many-certificates", "certificate-active", "certificate-retired", "nothing-to-roll-back"),
            *("not-served", "certs-url-missing", "key-store-unknown", "configured-read-only"),
        ),
        409,
    ),
    **dict.fromkeys(
        (
            *("key-missing", "key-unreadable", "key-readable-by-others", "key-passphrase-wrong"),
            *("key-cannot-sign", "key-store-failing", "token-missing", "token-library", "token-pin-wrong"),
            *("passphrase-missing", "passphrase-unreadable", "passphrase-readable-by-others"),
            *("passphrase-empty", "passphrase-too-long", "token-pin-missing", "token-pin-unreadable"),
            "token-pin-readable-by-others",
        ),
        503,
    ),
}
"""Of each reason; any other is about what was sent: 422."""


def answer_credential_errors(app: FastAPI) -> None:
    """Have an application answer each of them as a problem whose detail begins with the reason."""

    @app.exception_handler(CredentialRefused)
    async def refused(request: Request, error: CredentialRefused) -> JSONResponse:
        found = [Mistake(path="", text=text) for text in error.details]
        answer = problem(request, STATUSES.get(error.reason, 422), f"{error.reason}: {error}", found)
        return _later(answer) if answer.status_code == 503 else answer

    @app.exception_handler(ManifestUnreadable)
    async def unreadable(request: Request, error: ManifestUnreadable) -> JSONResponse:
        return _later(problem(request, 503, f"credentials-unreadable: {error}"))


def _later(answer: JSONResponse) -> JSONResponse:
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer
