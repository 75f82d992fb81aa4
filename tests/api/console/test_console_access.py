"""Users, tokens, sessions and one's own page."""

import pyotp
import pytest
from doors import PASSWORD, Door
from pages import Somebody, elements

from gateway.access.permissions import Role

NEW = "five other words are here"


def secret(text: str) -> str:
    """What stands on a page once."""
    _, _, rest = text.partition('<code id="secret">')
    return rest.partition("</code>")[0]


def test_a_user_is_added_logs_in_with_what_was_shown_and_is_taken_away(door: Door, admin: Somebody) -> None:
    told = admin.sends("/console/access/users", {"name": "bob", "role": "operator"})
    assert door.log_in(door.client(), "bob", password=secret(told.text)).status_code == 200
    assert secret(told.text) not in admin.sees("/console/access")
    admin.stores("/console/access/users/bob/remove", {})
    assert "bob" not in door.sidecar.logins().directory().users


@pytest.mark.parametrize(
    ("name", "role"), [("Bob!", "operator"), ("", "operator"), ("ada", "auditor"), ("bob", "king")]
)
def test_a_user_that_cannot_be_is_told(admin: Somebody, name: str, role: str) -> None:
    answer = admin.sends("/console/access/users", {"name": name, "role": role})
    assert answer.status_code == 422
    assert "Users and tokens" in answer.text


def test_a_user_is_made_something_else_and_kept_out(door: Door, admin: Somebody) -> None:
    door.user("bob", Role.AUDITOR)
    admin.stores("/console/access/users/bob/change", {"to": "make-operator"})
    assert door.sidecar.logins().directory().users["bob"].role is Role.OPERATOR
    admin.stores("/console/access/users/bob/change", {"to": "disable"})
    assert door.log_in(door.client(), "bob").status_code == 401
    assert admin.sends("/console/access/users/bob/change", {"to": "make-king"}).status_code == 400


def test_the_last_admin_stays(admin: Somebody) -> None:
    assert admin.sends("/console/access/users/ada/remove").status_code == 409
    assert admin.sends("/console/access/users/ada/change", {"to": "disable"}).status_code == 409


def test_a_token_is_shown_once_opens_what_it_may_and_is_revoked(door: Door, admin: Somebody) -> None:
    told = admin.sends("/console/access/tokens", {"name": "grafana", "may-read": "yes", "lasts": "30d"})
    shown = {"Authorization": f"Bearer {secret(told.text)}"}
    assert door.client().get("/v1/peers", headers=shown).status_code == 200
    text = admin.sees("/console/access")
    assert secret(told.text) not in text
    (revoke,) = [
        str(each["action"]) for each in elements(text, "form") if "revoke" in str(each.get("action"))
    ]
    admin.stores(revoke, {})
    assert door.client().get("/v1/peers", headers=shown).status_code == 401


@pytest.mark.parametrize(
    "fields", [{"name": "grafana", "lasts": "30d"}, {"name": "grafana", "may-read": "yes", "lasts": "long"}]
)
def test_a_token_that_may_nothing_or_lasts_for_ever_is_not_made(
    admin: Somebody, fields: dict[str, str]
) -> None:
    answer = admin.sends("/console/access/tokens", fields)
    assert answer.status_code == 422
    assert 'class="mistake"' in answer.text


def test_another_ones_session_is_ended(door: Door, admin: Somebody) -> None:
    door.clock.now += 1  # the newest stands first
    other = Somebody.of(door, Role.OPERATOR, "bob")
    text = admin.sees("/console/access")
    ends = [
        str(each["action"]) for each in elements(text, "form") if str(each.get("action")).endswith("/end")
    ]
    admin.stores(ends[0], {})
    assert other.client.get("/console").status_code == 303
    assert admin.sends(ends[0]).status_code == 404


def test_a_password_is_changed_by_who_knows_the_present_one(door: Door, operator: Somebody) -> None:
    twice = {"wanted": NEW, "again": NEW}
    assert operator.sends("/console/me/password", twice | {"present": "wrong"}).status_code == 403
    assert (
        operator.sends("/console/me/password", twice | {"present": PASSWORD, "again": "x"}).status_code == 422
    )
    weak = {"present": PASSWORD, "wanted": "password1234", "again": "password1234"}
    assert operator.sends("/console/me/password", weak).status_code == 422
    operator.stores("/console/me/password", twice | {"present": PASSWORD})
    assert door.log_in(door.client(), "olga", password=NEW).status_code == 200


def test_a_second_factor_is_taken_up_and_given_up_again(door: Door, operator: Somebody) -> None:
    operator.stores("/console/me/totp/offer", {})
    text = operator.sees("/console/me")
    assert 'aria-label="QR code of the secret below"' in text
    codes = pyotp.TOTP(secret(text))
    wrong = {"password": PASSWORD, "code": "000000"}
    assert operator.sends("/console/me/totp/take", wrong).status_code == 422
    operator.stores("/console/me/totp/take", {"password": PASSWORD, "code": codes.at(int(door.clock.now))})
    assert door.log_in(door.client(), "olga").status_code == 401
    door.clock.now += 60
    drop = {"password": PASSWORD, "code": codes.at(int(door.clock.now))}
    operator.stores("/console/me/totp/drop", drop)
    assert door.log_in(door.client(), "olga").status_code == 200


def test_users_and_tokens_are_offered_to_admins_alone(admin: Somebody, auditor: Somebody) -> None:
    assert "Users and tokens" in admin.sees("/console")
    assert "Users and tokens" not in auditor.sees("/console")
