"""Users and tokens over REST: made, changed, on record; nobody gives what they do not have; too many requests are too many."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doors import NOW, PEER, Door, open_door
from fastapi.testclient import TestClient

from gateway.access.permissions import Permission, Role
from gateway.api.authorisation import PUBLIC

Admin = tuple[TestClient, dict[str, str]]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as door:
        yield door


@pytest.fixture
def admin(door: Door) -> Admin:
    return door.logged_in(Role.ADMIN, "alice")


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"name": "bob"},
        {"name": "Bob", "role": "auditor"},
        {"name": "b/b", "role": "auditor"},
        {"name": "bob", "role": "root"},
        {"name": "bob", "role": "auditor", "password": "short"},
        {"name": "bob", "role": "auditor", "passwort": "x"},
    ],
    ids=str,
)
def test_a_user_that_is_not_described_well_is_not_made(
    door: Door, admin: Admin, sent: dict[str, Any]
) -> None:
    client, csrf = admin
    assert client.post("/v1/users", json=sent, headers=csrf).status_code == 422
    assert list(door.roster.current().users) == ["alice"]


def test_a_user_is_made_with_a_password_that_is_told_once(door: Door, admin: Admin) -> None:
    client, csrf = admin
    made = client.post("/v1/users", json={"name": "bob", "role": "auditor"}, headers=csrf)
    assert (made.status_code, made.headers["location"]) == (201, "/v1/users/bob")
    assert door.log_in(door.client(), "bob", password=made.json()["password"]).status_code == 200
    assert "password" not in client.get("/v1/users/bob").json()
    assert client.post("/v1/users", json={"name": "bob", "role": "auditor"}, headers=csrf).status_code == 409
    assert ("user:alice", "added", "users", "bob") in door.audit()
    assert made.json()["password"] not in str(door.opened.store.audit())


@pytest.mark.parametrize("change", [{"enabled": False}, {"role": "operator"}], ids=str)
def test_the_last_admin_stays(admin: Admin, change: dict[str, Any]) -> None:
    client, csrf = admin
    assert client.patch("/v1/users/alice", json=change, headers=csrf).status_code == 409
    assert client.delete("/v1/users/alice", headers=csrf).status_code == 409


def test_a_user_loses_the_session_with_the_user(door: Door, admin: Admin) -> None:
    client, csrf = admin
    bob, _ = door.logged_in(Role.AUDITOR, "bob")
    assert client.patch("/v1/users/bob", json={"role": "operator"}, headers=csrf).status_code == 200
    assert "policy" in bob.get("/v1/me").json()["permissions"]
    assert client.delete("/v1/users/bob", headers=csrf).status_code == 204
    assert bob.get("/v1/me").status_code == 401


def test_a_lost_second_factor_is_taken_away(door: Door, admin: Admin) -> None:
    client, csrf = admin
    door.user("bob", Role.AUDITOR, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    assert door.log_in(door.client(), "bob").status_code == 401
    assert client.patch("/v1/users/bob", json={"totp": None}, headers=csrf).json()["totp"] is False
    assert door.log_in(door.client(), "bob").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "x", "permissions": []},
        {"name": "x", "permissions": ["root"]},
        {"name": "x", "permissions": ["read", "read"]},
        {"name": "x", "permissions": ["read"], "lasts": "0s"},
        {"name": "x", "permissions": ["read"], "lasts": "99999d"},
        {"name": "x", "permissions": ["read"], "lasts": 5},
        {"permissions": ["read"]},
    ],
    ids=str,
)
def test_a_token_that_is_not_described_well_is_not_made(admin: Admin, sent: dict[str, Any]) -> None:
    client, csrf = admin
    assert client.post("/v1/tokens", json=sent, headers=csrf).status_code == 422


def test_a_token_is_told_once_works_at_once_and_ends_at_once(door: Door, admin: Admin) -> None:
    client, csrf = admin
    sent = {"name": "grafana", "permissions": ["read"], "lasts": "1h"}
    made = client.post("/v1/tokens", json=sent, headers=csrf).json()
    shown = {"Authorization": f"Bearer {made['token']}"}
    assert door.client().get("/v1/me", headers=shown).json() == {
        "who": "token:grafana", "permissions": ["read"], "csrf": None,
        "idle_seconds": None, "seconds": None, "totp": None,
    }  # fmt: skip
    listed = client.get("/v1/tokens")
    assert [each["name"] for each in listed.json()["items"]] == ["grafana"]
    assert made["token"] not in listed.text
    assert made["token"].encode() not in b"".join(
        path.read_bytes() for path in door.roster._path.parent.iterdir() if path.is_file()
    )
    assert client.delete(f"/v1/tokens/{made['id']}", headers=csrf).status_code == 204
    assert door.client().get("/v1/me", headers=shown).status_code == 401
    assert door.audit()[:2] == [
        ("user:alice", "removed", "tokens", "grafana"),
        ("user:alice", "added", "tokens", "grafana"),
    ]


def test_nobody_gives_what_they_do_not_have(door: Door) -> None:
    door.user("alice", Role.ADMIN)
    client, shown = door.client(), door.token(Permission.ACCESS, Permission.READ)
    token = {"name": "x", "permissions": ["read", "policy"]}
    answer = client.post("/v1/tokens", json=token, headers=shown)
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "grant-exceeds: token:tester lacks policy itself",
    )
    assert client.post("/v1/users", json={"name": "x", "role": "admin"}, headers=shown).status_code == 403
    reset = {"password": "four words of mine"}
    assert client.patch("/v1/users/alice", json=reset, headers=shown).status_code == 403
    assert client.delete("/v1/users/alice", headers=shown).status_code == 403


def test_nobody_takes_what_they_do_not_have(door: Door) -> None:
    alice, _ = door.logged_in(Role.ADMIN, "alice")
    (session,) = alice.get("/v1/sessions").json()["items"]
    shown = door.token(Permission.ACCESS, Permission.READ)
    crm = door.token(Permission.POLICY, Permission.READ, name="crm")
    peer = door.token(Permission.READ, name="reports")
    tokens = {each.name: each.id for each in door.roster.current().tokens.values()}
    client = door.client()
    answer = client.delete(f"/v1/tokens/{tokens['crm']}", headers=shown)
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "grant-exceeds: token:tester lacks policy itself",
    )
    assert client.delete(f"/v1/sessions/{session['id']}", headers=shown).status_code == 403
    assert client.get("/v1/me", headers=crm).status_code == alice.get("/v1/me").status_code == 200
    assert client.delete(f"/v1/tokens/{tokens['reports']}", headers=shown).status_code == 204
    assert client.get("/v1/me", headers=peer).status_code == 401
    assert client.delete(f"/v1/tokens/{tokens['tester']}", headers=shown).status_code == 204


def test_a_change_of_policy_is_on_record_by_the_name_of_its_token(door: Door) -> None:
    shown = door.token(Permission.POLICY, name="crm")
    sent = {"id": "acme", "name": "Acme"}
    assert door.client().post("/v1/accounts", json=sent, headers=shown).status_code == 201
    assert door.audit()[0] == ("token:crm", "added", "accounts", "acme")


@pytest.mark.parametrize(
    ("headers", "status", "message_id"),
    [({}, 401, "POL4010"), ({"Authorization": "Bearer stirgw_no"}, 401, "POL4010")],
    ids=["nothing", "wrong"],
)
def test_who_is_not_let_in_to_stir_is_told_in_its_own_form(
    door: Door, headers: dict[str, str], status: int, message_id: str
) -> None:
    answer = door.client().post("/stir/v1/signing", json={}, headers=headers)
    fault = answer.json()["requestError"]["policyException"]
    assert (answer.status_code, fault["messageId"]) == (status, message_id)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_without_the_permission_is_refused_by_stir_in_its_own_form(door: Door) -> None:
    answer = door.client().post("/stir/v1/signing", json={}, headers=door.token(Permission.READ))
    fault = answer.json()["requestError"]["policyException"]
    assert (answer.status_code, fault["messageId"]) == (403, "POL4031")


def test_whoever_asks_too_often_is_told_when_to_ask_again(tmp_path: Path) -> None:
    with open_door(tmp_path, access={"rate": 2, "stranger_rate": 1}) as door:
        shown = door.token(Permission.READ)
        client = door.client()
        statuses = [client.get("/v1/me", headers=shown).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 200, 429]
        door.clock.now += 0.5
        assert client.get("/v1/me", headers=shown).status_code == 200
        strangers = [client.get("/v1/me") for _ in range(3)]
        assert [each.status_code for each in strangers] == [401, 401, 429]
        assert strangers[-1].headers["retry-after"] == "1"
        assert door.client("198.51.100.7").get("/v1/me").status_code == 401


def test_what_is_public_is_not_to_be_had_without_end(tmp_path: Path) -> None:
    with open_door(tmp_path, access={"public_rate": 1}) as door:
        for place, path in enumerate(sorted(PUBLIC)):
            client, asked = door.client(f"192.0.2.{place}"), path.replace("{name}", "none")
            verb = client.post if path == "/v1/login" else client.get
            statuses = [verb(asked).status_code for _ in range(3)]
            assert 429 not in statuses[:2], path
            assert statuses[2] == 429, path
        door.clock.now += 1
        assert door.client("192.0.2.0").get("/healthz").status_code == 200


def test_listed_networks_may_have_calls_signed_and_nothing_else(tmp_path: Path) -> None:
    with open_door(tmp_path, api={"stir_addresses": ["198.51.100.0/24"]}) as door:
        for address in ("198.51.100.7", PEER):
            assert door.client(address).post("/stir/v1/signing", json={}).status_code == 400
            assert door.client(address).get("/v1/accounts").status_code == 401
        assert door.client("198.51.101.7").post("/stir/v1/signing", json={}).status_code == 401


def test_what_another_node_changes_is_in_force_here_with_the_next_look(door: Door) -> None:
    shown = door.token(Permission.READ)
    assert door.client().get("/v1/me", headers=shown).status_code == 200
    door.opened.access.revoke_token("tester", "another node")
    assert door.client().get("/v1/me", headers=shown).status_code == 200
    door.roster.look()
    assert door.client().get("/v1/me", headers=shown).status_code == 401
    assert door.clock.now == NOW
