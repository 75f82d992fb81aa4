"""How somebody who is not let in is told so: in the form of the resource, and a browser by the log-in page."""

from __future__ import annotations

import math
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from gateway.api.authorisation import SAFE_METHODS, NotAllowed
from gateway.api.problems import problem
from gateway.api.stir_errors import MessageId, StirError
from gateway.api.stir_http import is_stir, refuse

LOGIN = "/login"

_APIS = ("/v1/", "/stir/", "/metrics", "/readyz", "/openapi.json")
"""What programs ask for; the rest is pages."""


_STIR: dict[int, MessageId] = {401: "POL4010", 403: "POL4031", 429: "POL4290"}


def refuse_access(request: Request, error: NotAllowed) -> Response:
    """The answer to somebody unknown (401), not permitted (403) or too fast (429)."""
    if error.status == 401 and is_page(request) and request.method in SAFE_METHODS:
        return RedirectResponse(f"{LOGIN}?next={quote(request.url.path, safe='/')}", status_code=303)
    answer = _told(request, error)
    if error.wait:
        answer.headers["Retry-After"] = str(math.ceil(error.wait))
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = _challenge(error)
    return answer


def is_page(request: Request) -> bool:
    """Whether a request is for a page of the console."""
    return not request.url.path.startswith(_APIS)


def _told(request: Request, error: NotAllowed) -> Response:
    if is_stir(request):
        return refuse(request, StirError(_STIR[error.status], error.reason))
    return problem(request, error.status, f"{error.reason}: {error.detail}")


def _challenge(error: NotAllowed) -> str:
    """RFC 6750 §3: a token that was shown and is wrong is told so."""
    shown = error.reason != "credential-missing"
    return 'Bearer realm="gateway"' + (', error="invalid_token"' if shown else "")
