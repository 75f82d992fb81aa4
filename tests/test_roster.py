"""The roster follows the database and lasts without it, even through a restart."""

import stat
from pathlib import Path

import pytest

from gateway.access.directory import Directory
from gateway.access.permissions import Permission, Role
from gateway.access.tokens import make_token
from gateway.access.users import User
from gateway.roster import Roster, roster_path
from gateway.store.access import AccessStore
from gateway.store.database import open_database
from gateway.store.errors import StoreGone
from gateway.store.migration import migrate

NOW = 1_800_000_000.0
ALICE = User("alice", Role.ADMIN, "a hash", "a secret")
_, TOKEN = make_token("sbc", frozenset({Permission.STIR}), b"x" * 32, "a test", NOW, NOW + 60)


@pytest.fixture
def access(tmp_path: Path) -> AccessStore:
    engine = open_database(f"sqlite:///{tmp_path / 'gateway.db'}")
    migrate(engine)
    store = AccessStore(engine, lambda: NOW)
    store.add_user(ALICE, "a test")
    store.add_token(TOKEN, "a test")
    return store


def away() -> AccessStore:
    raise StoreGone("the database is away")


def known(directory: Directory) -> tuple[set[str], set[str]]:
    return set(directory.users), {token.name for token in directory.tokens.values()}


def test_without_a_database_and_a_copy_nobody_is_known(tmp_path: Path) -> None:
    roster = Roster(roster_path(tmp_path), away)
    roster.look()
    assert known(roster.current()) == (set(), set())


def test_a_process_that_starts_without_the_database_knows_whom_the_last_one_knew(
    tmp_path: Path, access: AccessStore
) -> None:
    Roster(roster_path(tmp_path), lambda: access).look()
    later = Roster(roster_path(tmp_path), away)
    later.look()
    assert later.current().user("alice") == access.directory().user("alice")
    assert later.current().tokens == {TOKEN.digest: TOKEN}


def test_the_copy_is_its_owners_alone(tmp_path: Path, access: AccessStore) -> None:
    Roster(roster_path(tmp_path), lambda: access).look()
    assert stat.S_IMODE(roster_path(tmp_path).stat().st_mode) == 0o600


def test_a_copy_that_others_may_read_is_not_believed(tmp_path: Path, access: AccessStore) -> None:
    Roster(roster_path(tmp_path), lambda: access).look()
    roster_path(tmp_path).chmod(0o644)
    assert known(Roster(roster_path(tmp_path), away).current()) == (set(), set())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"users": [{}], "tokens": []}', b"\xff"])
def test_a_copy_that_cannot_be_read_is_nobody(tmp_path: Path, content: bytes) -> None:
    roster_path(tmp_path).write_bytes(content)
    roster_path(tmp_path).chmod(0o600)
    assert known(Roster(roster_path(tmp_path), away).current()) == (set(), set())


def test_a_change_is_taken_over_and_one_that_was_missed_meanwhile_too(
    tmp_path: Path, access: AccessStore
) -> None:
    is_away = False
    roster = Roster(roster_path(tmp_path), lambda: away() if is_away else access)
    roster.look()
    is_away = True
    access.revoke_token("sbc", "a test")
    roster.look()
    assert known(roster.current()) == ({"alice"}, {"sbc"})
    is_away = False
    roster.look()
    assert known(roster.current()) == ({"alice"}, set())
