"""An application says of each of its routes who may use it, or it is not made."""

import pytest
from fastapi import FastAPI

from gateway.access.permissions import Permission
from gateway.api.app import create_app
from gateway.api.authorisation import check_routes, needs
from gateway.api.sidecar import Sidecar


def nothing() -> None:
    """A route's work."""


def test_a_route_that_says_nothing_about_who_may_use_it_is_refused() -> None:
    app = create_app(Sidecar.of(None, lambda: None, lambda: 0.0))
    app.get("/v1/forgotten")(nothing)
    with pytest.raises(ValueError, match="GET /v1/forgotten asks for 0 permissions"):
        check_routes(app.routes)


def test_a_public_route_that_asks_for_a_permission_is_refused() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.get("/healthz", dependencies=[needs(Permission.READ)])(nothing)
    with pytest.raises(ValueError, match="GET /healthz asks for 1 permissions"):
        check_routes(app.routes)
