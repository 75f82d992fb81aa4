"""Who may use which route: every route of the application, tried by everybody there is.

WANTED is what a reader checks. A route that is not in it, and one of it that is not there, fails the test.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from console_routes import OPEN_PAGES, PAGES
from doors import NOW, PEER, Door, open_door
from fastapi.testclient import TestClient

from gateway.access.permissions import Permission, Role
from gateway.api.authorisation import PUBLIC, requirements_of
from gateway.store.resources import RESOURCES

READ, POLICY, ACCESS = Permission.READ, Permission.POLICY, Permission.ACCESS
STIR, METRICS = Permission.STIR, Permission.METRICS
ROTATE, CERTIFICATES = Permission.ROTATE, Permission.CERTIFICATES
OPEN = None

ENTRIES = {
    f"{method} /v1/{name}{key}": permission
    for name in RESOURCES.keys() - {"parameters"}
    for method, key, permission in (
        ("GET", "", READ),
        ("POST", "", POLICY),
        ("GET", "/{key}", READ),
        ("PUT", "/{key}", POLICY),
        ("DELETE", "/{key}", POLICY),
    )
}
WANTED: dict[str, Permission | None] = {
    **ENTRIES,
    "GET /healthz": OPEN,
    "GET /certs/{name}.pem": OPEN,
    "POST /login": OPEN,
    "POST /v1/login": OPEN,
    "GET /readyz": METRICS,
    "GET /metrics": METRICS,
    "POST /stir/v1/signing": STIR,
    "POST /stir/v1/verification": STIR,
    "GET /openapi.json": READ,
    "GET /v1/parameters": READ,
    "PUT /v1/parameters": POLICY,
    "GET /v1/list-groups/{name}/numbers": READ,
    "PUT /v1/list-groups/{name}/numbers": POLICY,
    "GET /v1/list-groups/{name}/numbers.csv": READ,
    "GET /v1/list-groups/{name}/numbers/{number}": READ,
    "PUT /v1/list-groups/{name}/numbers/{number}": POLICY,
    "DELETE /v1/list-groups/{name}/numbers/{number}": POLICY,
    "GET /v1/uploads": READ,
    "GET /v1/dynamic-blacklist": READ,
    "POST /v1/dynamic-blacklist": POLICY,
    "GET /v1/dynamic-blacklist/{id}": READ,
    "DELETE /v1/dynamic-blacklist/{id}": POLICY,
    "GET /v1/audit": READ,
    "GET /v1/calls": READ,
    "GET /v1/calls.csv": READ,
    "GET /v1/traceback": READ,
    "POST /v1/explain": READ,
    "POST /logout": READ,
    "POST /v1/logout": READ,
    "GET /v1/me": READ,
    "PUT /v1/me/password": READ,
    "POST /v1/me/totp": READ,
    "PUT /v1/me/totp": READ,
    "POST /v1/me/totp/drop": READ,
    "GET /v1/keys": READ,
    "POST /v1/keys": CERTIFICATES,
    "GET /v1/keys/{id}": READ,
    "DELETE /v1/keys/{id}": CERTIFICATES,
    "POST /v1/keys/{id}/csr": CERTIFICATES,
    "GET /v1/certificates": READ,
    "POST /v1/certificates": CERTIFICATES,
    "GET /v1/certificates/{name}": READ,
    "DELETE /v1/certificates/{name}": CERTIFICATES,
    "POST /v1/certificates/{name}/activate": ROTATE,
    "POST /v1/certificates/{name}/check": ROTATE,
    "POST /v1/certificates/{name}/retire": CERTIFICATES,
    "POST /v1/certificates/{name}/revoke": CERTIFICATES,
    "POST /v1/certificates/rollback": ROTATE,
    "GET /v1/acme": READ,
    "POST /v1/acme/renew": ROTATE,
    "GET /v1/nodes": READ,
    "GET /v1/nodes/{name}": READ,
    "DELETE /v1/nodes/{name}": POLICY,
    "POST /v1/nodes/{name}/drain": POLICY,
    "POST /v1/nodes/{name}/serve": POLICY,
    "GET /v1/users": READ,
    "POST /v1/users": ACCESS,
    "GET /v1/users/{name}": READ,
    "PATCH /v1/users/{name}": ACCESS,
    "DELETE /v1/users/{name}": ACCESS,
    "GET /v1/tokens": READ,
    "POST /v1/tokens": ACCESS,
    "GET /v1/tokens/{id}": READ,
    "DELETE /v1/tokens/{id}": ACCESS,
    "GET /v1/sessions": READ,
    "DELETE /v1/sessions/{id}": ACCESS,
}
GUARDED = {route: asked for route, asked in WANTED.items() if asked and not route.endswith("/logout")}
"""What is tried; the end of the session that one tries with is tried elsewhere."""

ROLES = {
    Role.AUDITOR: {READ, METRICS},
    Role.OPERATOR: {READ, METRICS, POLICY, Permission.ROTATE},
    Role.ADMIN: set(Permission),
}
OWN = {route for route in GUARDED if "/v1/me/" in route}
"""What is a user's own, and no token's."""

LET_IN = 0


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    unbounded = {"rate": 0, "stir_rate": 0, "stranger_rate": 0}
    with open_door(tmp_path_factory.mktemp("door"), access=unbounded) as door:
        yield door


def outcomes(client: TestClient, headers: Mapping[str, Any] | None = None) -> dict[str, int]:
    """What becomes of each route: LET_IN, or the status of whoever is kept out.

    What is asked for is not there and what is sent cannot be used, so that whoever is let in breaks nothing.
    """
    found = {}
    for route in GUARDED:
        verb, path = route.split()
        for name, value in {"{id}": "999", "{number}": "1", "{key}": "none", "{name}": "none"}.items():
            path = path.replace(name, value)
        sent = {"Content-Type": "application/json", **(headers or {})}
        answer = client.request(verb, path, headers=sent, content=None if verb == "GET" else b"[]")
        found[route] = answer.status_code if answer.status_code in (401, 403, 429) else LET_IN
    return found


def expected(permissions: set[Permission], otherwise: int) -> dict[str, int]:
    return {route: LET_IN if asked in permissions else otherwise for route, asked in GUARDED.items()}


def test_the_table_names_every_route_and_its_permission(door: Door) -> None:
    found = {
        f"{method} {path.replace(':int', '').replace(':path', '')}": asked[0] if asked else OPEN
        for path, method, asked in requirements_of(door.app.routes)
        if method != "HEAD"
    }
    assert found == {**WANTED, **PAGES, **dict.fromkeys(OPEN_PAGES, OPEN)}
    assert {route.split()[1] for route, permission in WANTED.items() if permission is OPEN} <= PUBLIC


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"Authorization": "Bearer stirgw_" + "A" * 43},
        {"Authorization": "Bearer stirgw_" + "A" * 10_000},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YWRtaW46YWRtaW4="},
        {"Cookie": "stirgw=" + "A" * 43},
        {"Cookie": "__Host-stirgw=" + "A" * 43},
    ],
    ids=["nothing", "wrong-token", "long-token", "empty-token", "basic", "wrong-session", "session-of-tls"],
)
def test_nobody_is_let_in_with(door: Door, shown: dict[str, str]) -> None:
    assert outcomes(door.client(), shown) == expected(set(), 401)


def test_an_expired_token_opens_nothing(door: Door) -> None:
    shown = door.token(*Permission, name="short", lasts=60)
    door.clock.now = NOW + 60
    try:
        assert outcomes(door.client(), shown) == expected(set(), 401)
    finally:
        door.clock.now = NOW


def test_a_revoked_token_opens_nothing(door: Door) -> None:
    shown = door.token(*Permission, name="revoked")
    door.opened.access.revoke_token("revoked", "the test")
    door.roster.look()
    assert outcomes(door.client(), shown) == expected(set(), 401)


@pytest.mark.parametrize("scope", Permission)
def test_a_token_opens_what_it_permits_and_nothing_else(door: Door, scope: Permission) -> None:
    wanted = expected({scope}, 403) | dict.fromkeys(OWN, 403)
    found = outcomes(door.client(), door.token(scope, name=scope.value))
    found |= {
        route: 403 for route in OWN if found[route] == LET_IN
    }  # refused for what it sent, before for who it is
    assert found == wanted


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_it_permits_and_nothing_else(door: Door, role: Role) -> None:
    client, csrf = door.logged_in(role, f"a-{role.value}")
    assert outcomes(client, csrf) == expected(ROLES[role], 403)


@pytest.mark.parametrize("csrf", [None, "", "A" * 43, b"\xe4"], ids=["missing", "empty", "wrong", "no-ascii"])
def test_a_session_changes_nothing_without_its_csrf_token(door: Door, csrf: str | bytes | None) -> None:
    client, _ = door.logged_in(Role.ADMIN, f"csrf-{csrf is None}-{len(csrf or '')}")
    found = outcomes(client, {} if csrf is None else {"X-CSRF-Token": csrf})
    assert found == {route: LET_IN if route.startswith("GET ") else 403 for route in GUARDED}


def test_the_address_of_a_peer_opens_signing_and_verification_and_nothing_else(door: Door) -> None:
    assert outcomes(door.client(PEER)) == expected({STIR}, 401)


def test_a_wrong_token_is_refused_whatever_the_address_would_open(door: Door) -> None:
    assert outcomes(door.client(PEER), {"Authorization": "Bearer stirgw_no"}) == expected(set(), 401)


def test_a_user_who_is_disabled_is_out_at_once(door: Door) -> None:
    client, csrf = door.logged_in(Role.ADMIN, "leaving")
    door.user("staying", Role.ADMIN)
    door.opened.access.change_user("leaving", "the test", enabled=False)
    door.roster.look()
    assert outcomes(client, csrf) == expected(set(), 401)


def test_what_is_public_needs_no_credential(door: Door) -> None:
    assert door.client().get("/healthz").status_code == 200
    assert door.client().get("/certs/none.pem").status_code == 404
