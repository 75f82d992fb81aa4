"""Logging in and out, and what a session may do and for how long."""

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from doors import NOW, PASSWORD, Door, open_door

from gateway.access.permissions import Role
from gateway.access.rules import AccessRules
from gateway.api.me import local_path

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ANOTHER = "five other quiet words here"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with open_door(tmp_path) as door:
        yield door


def code(at: float = NOW, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(int(at))


@pytest.mark.parametrize(
    ("name", "password", "shown"),
    [
        ("alice", "not her password", code()),
        ("alice", PASSWORD, ""),
        ("alice", PASSWORD, "000000"),
        ("alice", PASSWORD, code(NOW - 90)),
        ("alice", PASSWORD + " ", code()),
        ("nobody", PASSWORD, code()),
        ("Alice", PASSWORD, code()),
        ("gone", PASSWORD, ""),
    ],
    ids=["password", "no-code", "code", "old-code", "trailing-space", "unknown", "capital", "disabled"],
)
def test_whoever_is_not_let_in_is_told_the_same(door: Door, name: str, password: str, shown: str) -> None:
    door.user("alice", Role.ADMIN, SECRET)
    door.user("gone", Role.ADMIN)
    door.opened.access.change_user("gone", "the test", enabled=False)
    door.roster.look()
    answer = door.log_in(door.client(), name, shown, password)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "log-in-refused: name, password or code is not right"
    assert "set-cookie" not in answer.headers


def test_a_code_is_good_for_one_log_in(door: Door) -> None:
    door.user("alice", Role.ADMIN, SECRET)
    assert door.log_in(door.client(), "alice", code()).status_code == 200
    assert door.log_in(door.client(), "alice", code()).status_code == 401
    door.clock.now += 30
    assert door.log_in(door.client(), "alice", code(door.clock.now)).status_code == 200


def test_a_code_that_was_used_at_another_node_is_used(door: Door) -> None:
    door.user("alice", Role.ADMIN, SECRET)
    assert door.opened.access.spend_totp_step("alice", int(NOW // 30))
    assert door.log_in(door.client(), "alice", code()).status_code == 401


def test_after_five_failures_nobody_is_let_in_for_a_while_and_longer_each_time(door: Door) -> None:
    door.user("alice", Role.ADMIN)
    waits = []
    for _ in range(2):
        for _ in range(5):
            assert door.log_in(door.client("192.0.2.1"), "alice", password="wrong").status_code == 401
        answer = door.log_in(door.client("::ffff:192.0.2.1"), "alice")  # right, and the same address
        assert answer.status_code == 429
        waits.append(int(answer.headers["retry-after"]))
        door.clock.now += waits[-1]
    assert waits == [30, 60]
    assert door.log_in(door.client("192.0.2.1"), "alice").status_code == 200


def test_a_stranger_who_knows_a_name_does_not_lock_its_owner_out(door: Door) -> None:
    door.user("alice", Role.ADMIN)
    for _ in range(6):
        stranger = door.log_in(door.client("192.0.2.1"), "alice", password="wrong")
    assert stranger.status_code == 429
    assert door.log_in(door.client("198.51.100.1"), "alice").status_code == 200


def test_an_address_that_fails_with_many_names_has_to_wait_too(door: Door) -> None:
    door.user("alice", Role.ADMIN)
    for number in range(20):
        door.log_in(door.client("2001:db8::1"), f"user-{number}")
    assert door.log_in(door.client("2001:db8::2"), "alice").status_code == 429
    assert door.log_in(door.client("2001:db8:0:1::1"), "alice").status_code == 200


@pytest.mark.parametrize("https", [False, True])
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(door: Door, https: bool) -> None:
    door.user("alice", Role.ADMIN)
    cookie = door.log_in(door.client(https=https), "alice").headers["set-cookie"].lower()
    assert cookie.startswith("__host-stirgw=" if https else "stirgw=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie
    assert ("secure" in cookie) == https


def test_a_log_in_ends_the_session_that_the_browser_came_with(door: Door) -> None:
    client, _ = door.logged_in(Role.ADMIN)
    first = dict(client.cookies)
    door.log_in(client, "alice")
    assert dict(client.cookies) != first
    assert door.client().get("/v1/me", headers={"Cookie": f"stirgw={first['stirgw']}"}).status_code == 401


def test_a_cookie_that_somebody_else_has_chosen_is_not_taken_over(door: Door) -> None:
    door.user("alice", Role.ADMIN)
    client = door.client()
    shown = {"name": "alice", "password": PASSWORD}
    answer = client.post("/v1/login", json=shown, headers={"Cookie": "stirgw=chosen"})
    assert len(answer.cookies["stirgw"]) == 43


@pytest.mark.parametrize("role", Role)
def test_a_session_ends_when_it_was_not_used_and_when_it_is_old(door: Door, role: Role) -> None:
    limits = AccessRules().time_outs[role]
    idle, _ = door.logged_in(role, "idle")
    door.clock.now = NOW + limits.idle
    assert idle.get("/v1/me").status_code == 401
    busy, _ = door.logged_in(role, "busy")
    began = door.clock.now
    while door.clock.now + limits.idle / 2 < began + limits.absolute:
        door.clock.now += limits.idle / 2
        assert busy.get("/v1/me").status_code == 200
    door.clock.now = began + limits.absolute
    assert busy.get("/v1/me").status_code == 401


def test_a_session_that_was_logged_out_is_over(door: Door) -> None:
    client, csrf = door.logged_in(Role.AUDITOR)
    cookie = {"Cookie": f"stirgw={client.cookies['stirgw']}"}
    assert client.post("/v1/logout", headers=csrf).status_code == 204
    assert door.client().get("/v1/me", headers=cookie).status_code == 401


def test_an_admin_sees_and_ends_the_session_of_another_user(door: Door) -> None:
    client, _ = door.logged_in(Role.OPERATOR, "bob")
    admin, csrf = door.logged_in(Role.ADMIN, "alice")
    shown = admin.get("/v1/sessions").json()["items"]
    (his,) = [each for each in shown if each["user"] == "bob"]
    assert his["address"] == "203.0.113.9"
    assert client.cookies["stirgw"] not in str(shown)
    assert admin.delete(f"/v1/sessions/{his['id']}", headers=csrf).status_code == 204
    assert client.get("/v1/me").status_code == 401
    assert door.audit()[0] == ("user:alice", "ended", "sessions", f"bob/{his['id']}")


@pytest.mark.parametrize("wanted", ["short", "a" * 20, "alicealice12", "Password12345", "x" * 300])
def test_a_password_that_is_guessed_first_is_not_taken(door: Door, wanted: str) -> None:
    client, csrf = door.logged_in(Role.ADMIN)
    answer = client.put("/v1/me/password", headers=csrf, json={"present": PASSWORD, "wanted": wanted})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "password")


def test_a_password_is_changed_by_whoever_knows_it_and_ends_other_sessions(door: Door) -> None:
    client, csrf = door.logged_in(Role.ADMIN)
    other = door.client()
    door.log_in(other, "alice")
    put = {"present": "wrong", "wanted": ANOTHER}
    assert client.put("/v1/me/password", headers=csrf, json=put).status_code == 403
    put["present"] = PASSWORD
    assert client.put("/v1/me/password", headers=csrf, json=put).status_code == 204
    assert client.get("/v1/me").status_code == 200
    assert other.get("/v1/me").status_code == 401
    assert door.log_in(door.client(), "alice").status_code == 401
    assert door.log_in(door.client(), "alice", password=ANOTHER).status_code == 200
    assert ("user:alice", "password-changed", "users", "alice") in door.audit()


def test_a_second_factor_is_in_force_once_a_code_of_it_was_shown(door: Door) -> None:
    client, csrf = door.logged_in(Role.ADMIN)
    confirmed = {"password": PASSWORD, "code": "000000"}
    assert client.put("/v1/me/totp", headers=csrf, json=confirmed).status_code == 409
    offer = client.post("/v1/me/totp", headers=csrf).json()
    assert offer["uri"].startswith("otpauth://totp/")
    assert client.put("/v1/me/totp", headers=csrf, json=confirmed).status_code == 422
    confirmed["code"] = code(secret=offer["secret"])
    assert client.put("/v1/me/totp", headers=csrf, json=confirmed).status_code == 204
    assert door.log_in(door.client(), "alice").status_code == 401
    door.clock.now += 30
    shown = code(door.clock.now, offer["secret"])
    assert door.log_in(door.client(), "alice", shown).status_code == 200
    assert client.get("/v1/me").json()["totp"] is True
    assert offer["secret"] not in str(door.opened.store.audit())
    door.clock.now += 30
    confirmed["code"] = code(door.clock.now, offer["secret"])
    assert client.post("/v1/me/totp/drop", headers=csrf, json=confirmed).status_code == 204
    assert door.log_in(door.client(), "alice").status_code == 200


def test_a_second_factor_is_not_replaced_by_who_has_the_password_alone(door: Door) -> None:
    client, csrf = door.logged_in(Role.ADMIN)
    offered = client.post("/v1/me/totp", headers=csrf).json()["secret"]
    confirmed = {"password": PASSWORD, "code": code(secret=offered)}
    assert client.put("/v1/me/totp", headers=csrf, json=confirmed).status_code == 204
    assert client.post("/v1/me/totp", headers=csrf).status_code == 409


def test_of_two_sessions_that_are_offered_a_second_factor_one_gets_it(door: Door) -> None:
    client, csrf = door.logged_in(Role.ADMIN)
    other = door.client()
    door.log_in(other, "alice")
    their_csrf = {"X-CSRF-Token": other.get("/v1/me").json()["csrf"]}
    offers = [
        each.post("/v1/me/totp", headers=token).json()["secret"]
        for each, token in ((client, csrf), (other, their_csrf))
    ]
    answers = [
        each.put("/v1/me/totp", headers=token, json={"password": PASSWORD, "code": code(secret=secret)})
        for each, token, secret in zip((client, other), (csrf, their_csrf), offers, strict=True)
    ]
    assert [each.status_code for each in answers] == [204, 409]


def test_the_form_of_a_page_logs_in_and_leads_to_where_one_wanted_to_go(door: Door) -> None:
    door.user("alice", Role.ADMIN)
    client = door.client()
    answer = client.post("/login", data={"name": "alice", "password": PASSWORD, "next": "/calls"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/calls")
    csrf = client.get("/v1/me").json()["csrf"]
    assert client.post("/logout", data={"csrf": "wrong"}).status_code == 403
    assert client.post("/logout", data={"csrf": csrf}).headers["location"] == "/login?said=logged-out"
    assert client.get("/v1/me").status_code == 401


def test_a_form_that_is_refused_leads_back_to_the_log_in_with_the_reason(door: Door) -> None:
    answer = door.client().post(
        "/login", data={"name": "alice", "password": "wrong", "next": "//evil.example"}
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?failed=log-in-refused&next=/"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_logs_nobody_in(door: Door, site: str) -> None:
    door.user("alice", Role.ADMIN)
    shown = {"name": "alice", "password": PASSWORD}
    answer = door.client().post("/v1/login", json=shown, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "text", ["//evil.example", "https://evil.example", "/\\evil", "", "a", "/\r\nx: y", "/ä"]
)
def test_a_log_in_leads_nowhere_else(text: str) -> None:
    assert local_path(text) == "/"


def test_while_the_database_is_away_users_log_in_and_tokens_work(door: Door) -> None:
    door.user("alice", Role.ADMIN, SECRET)
    token = door.token(*Role.AUDITOR.permissions)
    door.gone = True
    door.roster.look()
    client = door.client()
    assert door.log_in(client, "alice", code()).status_code == 200
    assert door.log_in(door.client(), "alice", code()).status_code == 401  # used, as far as this node knows
    assert client.get("/v1/me").status_code == 200
    assert door.client().get("/v1/me", headers=token).status_code == 200
    csrf = {"X-CSRF-Token": client.get("/v1/me").json()["csrf"]}
    assert client.delete("/v1/users/bob", headers=csrf).status_code == 503
