"""Who may see which page and send which form: every one of them, tried by nobody and by each role."""

from collections.abc import Iterator, Mapping

import pytest
from console_routes import ACCESS, CERTIFICATES, PAGES, POLICY, READ, ROTATE
from doors import Door, open_door
from fastapi.testclient import TestClient

from gateway.access.permissions import Permission, Role

ROLES: Mapping[Role, set[Permission]] = {
    Role.AUDITOR: {READ},
    Role.OPERATOR: {READ, POLICY, ROTATE},
    Role.ADMIN: {READ, POLICY, ROTATE, CERTIFICATES, ACCESS},
}
FORMS = [route for route in PAGES if route.startswith("POST ")]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    unbounded = {"rate": 0, "stir_rate": 0, "stranger_rate": 0}
    with open_door(tmp_path_factory.mktemp("door"), access=unbounded) as door:
        yield door


def outcome(client: TestClient, route: str, csrf: str | None) -> str:
    """ "in", "log-in" or "forbidden". What is asked for is not there, and what is sent cannot be used."""
    verb, path = route.split()
    for name in ("{id}", "{name}", "{rest}"):
        path = path.replace(name, "999")
    data = {} if csrf is None else {"csrf": csrf}
    answer = client.get(path) if verb == "GET" else client.post(path, data=data)
    assert answer.status_code < 500 or "database" in answer.text or "keeps no keys" in answer.text, (
        answer.text
    )
    if answer.headers.get("location", "").startswith("/login"):
        return "log-in"
    return "forbidden" if "<h1>You may not do that<" in answer.text else "in"


def outcomes(client: TestClient, csrf: str | None) -> dict[str, str]:
    return {route: outcome(client, route, csrf) for route in PAGES}


def test_a_stranger_is_led_to_the_log_in_from_everywhere(door: Door) -> None:
    assert outcomes(door.client(), None) == dict.fromkeys(PAGES, "log-in")


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_the_pages_and_forms_that_it_may_have(door: Door, role: Role) -> None:
    client, shown = door.logged_in(role, f"a-{role.value}")
    wanted = {route: "in" if asked in ROLES[role] else "forbidden" for route, asked in PAGES.items()}
    assert outcomes(client, shown["X-CSRF-Token"]) == wanted


@pytest.mark.parametrize("csrf", [None, "", "A" * 43], ids=["missing", "empty", "wrong"])
def test_no_form_is_taken_without_the_sessions_token(door: Door, csrf: str | None) -> None:
    client, _ = door.logged_in(Role.ADMIN, f"csrf-{csrf is None}-{len(csrf or '')}")
    assert {route: outcome(client, route, csrf) for route in FORMS} == dict.fromkeys(FORMS, "forbidden")


def test_a_file_with_another_sites_token_is_refused(door: Door) -> None:
    client, _ = door.logged_in(Role.ADMIN, "uploading")
    sent = {"csrf": (None, "A" * 43), "mode": (None, "add"), "file": ("numbers.csv", "+12155550100")}
    answer = client.post("/console/policy/list-groups/numbers?group=nuisance", files=sent)
    assert answer.status_code == 403


def test_a_token_of_the_api_sees_pages_and_has_none_of_its_own(door: Door) -> None:
    shown = door.token(READ, name="looking")
    assert door.client().get("/console", headers=shown).status_code == 200
    assert "has no page of its own" in door.client().get("/console/me", headers=shown).text
