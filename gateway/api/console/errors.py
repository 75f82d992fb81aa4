"""What went wrong, as a page: the console's one table from errors to HTTP. REST has its own."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from gateway.api.authorisation import REFRESH_HEADER, SAFE_METHODS, NotAllowed
from gateway.api.console.pages import PREFIX, page
from gateway.api.credential_errors import STATUSES
from gateway.api.problems import Unfit
from gateway.api.refusals import LOGIN
from gateway.api.store_errors import RETRY_AFTER, mistakes
from gateway.credentials.manifest_file import ManifestUnreadable
from gateway.policy.snapshot import PolicyError
from gateway.store.errors import Conflict, NotThere, StoreGone
from gateway.trust.credential import CredentialRefused

_Handler = Callable[[Request], Awaitable[Response]]


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The route, and around it the table."""
        original: _Handler = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await original(request)
            except NotAllowed as error:
                return _not_allowed(request, error)
            except StoreGone as error:
                answer = problem_page(request, 503, str(error))
                answer.headers["Retry-After"] = str(RETRY_AFTER)
                return answer
            except PolicyError as error:
                texts = [f"{each.path}: {each.text}" if each.path else each.text for each in mistakes(error)]
                return problem_page(request, 422, "The policy would not be good then.", texts)
            except Unfit as error:
                return problem_page(request, error.status, str(error))
            except NotThere as error:
                return problem_page(request, 404, str(error))
            except Conflict as error:
                return problem_page(request, 409, str(error))
            except CredentialRefused as error:
                return problem_page(request, STATUSES.get(error.reason, 422), str(error), list(error.details))
            except ManifestUnreadable as error:
                return problem_page(request, 503, str(error))
            except RequestValidationError:
                return problem_page(request, 400, "The address of this page is not whole.")
            except DataError:
                return problem_page(
                    request, 400, "There is something in it that no database holds, such as a NUL."
                )
            except HTTPException as error:
                return problem_page(request, error.status_code, str(error.detail))

        return told


def pages(prefix: str = "", dependencies: Sequence[Any] = ()) -> APIRouter:
    """A router of pages; what it needs, if all of them need the same."""
    return APIRouter(prefix=prefix, dependencies=dependencies, route_class=PageRoute, include_in_schema=False)


def problem_page(request: Request, status: int, text: str, details: list[str] | None = None) -> Response:
    """The page that says what went wrong."""
    return page(request, "problem.html", status, code=status, text=text, details=details or [])


def is_console(request: Request) -> bool:
    """Whether a request is one for a page of the console."""
    return request.url.path == PREFIX or request.url.path.startswith(f"{PREFIX}/")


def _not_allowed(request: Request, error: NotAllowed) -> Response:
    """Somebody unknown is asked to log in; somebody known is told what is missing."""
    if error.status != 401:
        answer = problem_page(request, error.status, f"{error.detail[:1].upper()}{error.detail[1:]}.")
        if error.wait:
            answer.headers["Retry-After"] = str(math.ceil(error.wait))
        return answer
    if REFRESH_HEADER in request.headers:
        return Response(status_code=401)
    asked = {"said": "timed-out"} if error.reason == "session-over" else {}
    if request.method in SAFE_METHODS:
        asked["next"] = _asked_for(request)
    where = f"{LOGIN}?{urlencode(asked)}" if asked else LOGIN
    return RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})


def _asked_for(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")
