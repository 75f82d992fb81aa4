"""Users and tokens in SQL, on both databases: each change has a revision of its own and a record without a secret."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import NOW
from policies import WHO
from sqlalchemy import Engine, update

from gateway.access.permissions import Permission, Role
from gateway.access.tokens import make_token
from gateway.access.users import User
from gateway.store.access import AccessStore
from gateway.store.access_tables import TOKENS, USERS
from gateway.store.errors import Conflict, NotThere, StillNeeded
from gateway.store.store import Store

ALICE = User("alice", Role.ADMIN, "hash-of-alice", made_at=NOW)
BOB = User("bob", Role.AUDITOR, "hash-of-bob", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", made_at=NOW)
_, TOKEN = make_token("sbc", frozenset({Permission.STIR, Permission.READ}), b"x" * 32, WHO, NOW, NOW + 60)


@pytest.fixture
def access(engine: Engine) -> AccessStore:
    return AccessStore(engine, lambda: NOW)


def test_nobody_is_there_at_first(access: AccessStore) -> None:
    found = access.directory()
    assert (found.revision, dict(found.users), dict(found.tokens)) == (0, {}, {})


@pytest.mark.parametrize("name", ["nobody", "", "a\0b", "\ud800"])
def test_who_is_not_there_cannot_be_changed(access: AccessStore, name: str) -> None:
    with pytest.raises(NotThere):
        access.change_user(name, WHO, enabled=False)
    with pytest.raises(NotThere):
        access.remove_user(name, WHO)
    with pytest.raises(NotThere):
        access.revoke_token(name, WHO)
    assert access.revision() == 0


def test_what_a_newer_version_has_let_in_is_let_in_no_further(access: AccessStore) -> None:
    access.add_user(ALICE, WHO)
    access.add_user(BOB, WHO)
    access.add_token(TOKEN, WHO)
    with access.engine.begin() as connection:
        connection.execute(update(USERS).where(USERS.c.name == "bob").values(role="janitor"))
        connection.execute(update(TOKENS).values(permissions=["read", "sweep"]))
    found = access.directory()
    assert found.users == {"alice": ALICE}
    assert found.tokens[TOKEN.digest].permissions == {Permission.READ}


def test_a_name_is_taken_once(access: AccessStore) -> None:
    access.add_user(ALICE, WHO)
    access.add_token(TOKEN, WHO)
    with pytest.raises(Conflict, match="user 'alice' is there already"):
        access.add_user(ALICE, WHO)
    with pytest.raises(Conflict, match="token 'sbc' is there already"):
        access.add_token(replace(TOKEN, id="another", digest="another"), WHO)
    assert access.revision() == 2


def test_what_is_kept_is_what_was_given(access: AccessStore) -> None:
    access.add_user(ALICE, WHO)
    access.add_user(BOB, WHO)
    access.add_token(TOKEN, WHO)
    found = access.directory()
    assert found.users == {"alice": ALICE, "bob": BOB}
    assert found.tokens == {TOKEN.digest: TOKEN}
    assert found.revision == access.revision() == 3


@pytest.mark.parametrize("fields", [{"enabled": False}, {"role": Role.OPERATOR}], ids=str)
def test_the_last_admin_who_may_log_in_stays_one(access: AccessStore, fields: dict[str, object]) -> None:
    access.add_user(ALICE, WHO)
    access.add_user(replace(ALICE, name="off", enabled=False), WHO)
    with pytest.raises(StillNeeded, match="'alice' is the last admin; do: make another one first"):
        access.change_user("alice", WHO, **fields)
    with pytest.raises(StillNeeded):
        access.remove_user("alice", WHO)
    access.add_user(replace(ALICE, name="carol"), WHO)
    access.change_user("alice", WHO, **fields)
    assert access.directory().users["alice"] == replace(ALICE, **fields)  # type: ignore[arg-type]


def test_two_admins_who_disable_each_other_at_once_leave_one(opened: Callable[[], Engine]) -> None:
    first, second = (AccessStore(opened(), lambda: NOW) for _ in range(2))
    first.add_user(ALICE, WHO)
    first.add_user(replace(ALICE, name="carol"), WHO)
    first.change_user("carol", "user:alice", enabled=False)
    with pytest.raises(StillNeeded):
        second.change_user("alice", "user:carol", enabled=False)


def test_a_code_is_used_once_by_whatever_node(opened: Callable[[], Engine]) -> None:
    first, second = (AccessStore(opened(), lambda: NOW) for _ in range(2))
    first.add_user(BOB, WHO)
    assert first.spend_totp_step("bob", 7)
    assert not second.spend_totp_step("bob", 7)
    assert not second.spend_totp_step("bob", 6)
    assert second.spend_totp_step("bob", 8)
    assert not second.spend_totp_step("nobody", 8)


def test_every_change_is_on_record_without_a_secret_and_the_policy_has_no_part_in_it(
    engine: Engine, access: AccessStore
) -> None:
    store = Store(engine, lambda: NOW)
    access.add_user(ALICE, WHO)
    access.add_user(BOB, WHO)
    access.change_user("bob", WHO, "password-changed", password="another hash")
    access.remove_user("bob", WHO)
    access.add_token(TOKEN, WHO)
    access.revoke_token("sbc", "user:alice")
    access.note("user:alice", "logged-in", "sessions", "7f")
    found = store.audit().entries
    assert [(each.who, each.action, each.resource, each.key) for each in reversed(found)] == [
        (WHO, "added", "users", "alice"),
        (WHO, "added", "users", "bob"),
        (WHO, "password-changed", "users", "bob"),
        (WHO, "removed", "users", "bob"),
        (WHO, "added", "tokens", "sbc"),
        ("user:alice", "removed", "tokens", "sbc"),
        ("user:alice", "logged-in", "sessions", "7f"),
    ]
    for secret in ("hash", BOB.totp or "", TOKEN.digest):
        assert secret not in str(found).replace("password_changed", "")
    assert store.revision() == 0
