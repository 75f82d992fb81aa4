"""What is decided without a database or a network: passwords, lock-out, sessions, rates, codes."""

import argon2
import pyotp
import pytest

from gateway.access.buckets import Buckets
from gateway.access.directory import Directory
from gateway.access.lockout import OF_A_NAME, OF_A_PLACE, Lockout
from gateway.access.passwords import Hasher, WeakPassword, check_password
from gateway.access.permissions import Permission, Role
from gateway.access.places import place
from gateway.access.rules import AccessRules
from gateway.access.sessions import MOST_OF_ONE_USER, Sessions
from gateway.access.tokens import PREFIX, digest, make_token, token_text
from gateway.access.totp import matching_step
from gateway.access.users import User

NOW = 1_800_000_000.0
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ALICE = User("alice", Role.ADMIN, "a hash")
HERE = Directory.of(1, [ALICE], [])
HOME = "198.51.100.7"
RULES = AccessRules(lock_after=2, lock_seconds=10, lock_most=35)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevenchars",
        "x" * 257,
        "aaaaaaaaaaaa",
        "abababababab",
        "123456789012",
        "abcdefghijkl",
        "qwertyuiopas",
        "password1234",
        "P@ssw0rd1234",
        "Passwort-2027",
        "admin-admin-1",
        "alice-2027-01",
        "VOS3000vos3000",
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, "alice")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "kR7#vq9!zLm2", "Müllabfuhr am Dienstag", "1029384756af"]
)
def test_a_password_of_ones_own_is_taken(password: str) -> None:
    check_password(password, "alice")


def test_a_password_is_recognised_and_nobody_has_one() -> None:
    hasher = Hasher(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    kept = hasher.hash("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert hasher.verify(kept, "correct horse battery")
    assert not hasher.verify(kept, "correct horse battery ")
    assert not hasher.verify("no hash", "correct horse battery")
    assert not hasher.verify(None, "of nobody")


def test_the_hash_costs_what_the_standard_asks_for() -> None:
    assert Hasher().hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # RFC 9106 §4, the second choice


def test_a_token_has_256_bits_and_its_digest_says_nothing() -> None:
    text, token = make_token("x", frozenset({Permission.READ}), b"\xff" * 32, "me", NOW, NOW + 1)
    assert text == token_text(b"\xff" * 32) == PREFIX + "_" * 42 + "8"
    assert token.digest == digest(text) != text
    assert text not in repr(token)
    assert (token.holds(NOW), token.holds(NOW + 1)) == (True, False)


def test_neither_hash_nor_secret_of_a_user_is_shown() -> None:
    assert "hash" not in repr(User("alice", Role.ADMIN, "a hash", SECRET))
    assert SECRET not in repr(User("alice", Role.ADMIN, "a hash", SECRET))


@pytest.mark.parametrize(("drift", "found"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_a_code_is_good_around_its_half_minute(drift: int, found: bool) -> None:
    code = pyotp.TOTP(SECRET).at(int(NOW) + drift)
    assert (matching_step(SECRET, code, NOW) is not None) == found


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert matching_step(SECRET, code, NOW) is None


def test_locks_double_up_to_the_longest_and_a_success_forgets() -> None:
    lockout = Lockout(RULES)
    now, waits = NOW, []
    for _ in range(4):
        lockout.failed(now, "alice", HOME)
        assert lockout.wait(now, "alice", HOME) == 0
        lockout.failed(now, "alice", HOME)
        waits.append(lockout.wait(now, "alice", HOME))
        now += waits[-1]
    assert waits == [10, 20, 35, 35]
    lockout.failed(now, "alice", HOME)
    lockout.succeeded("alice", HOME)
    lockout.failed(now, "alice", HOME)
    assert lockout.wait(now, "alice", HOME) == 0


def fail(lockout: Lockout, times: int, names: str = "alice", places: str = "192.0.2.1") -> None:
    """`{}` in names and places is the number of the failure."""
    for number in range(times):
        lockout.failed(NOW, names.format(number), places.format(number))


def test_who_guesses_a_name_is_kept_from_it_and_its_owner_is_not() -> None:
    lockout = Lockout(RULES)
    fail(lockout, 2)
    assert lockout.wait(NOW, "alice", "192.0.2.1") > 0
    assert lockout.wait(NOW, "alice", HOME) == lockout.wait(NOW, "bob", "192.0.2.1") == 0


def test_who_tries_name_after_name_from_one_place_is_kept_from_all_of_them() -> None:
    lockout = Lockout(RULES)
    fail(lockout, 2 * OF_A_PLACE - 1, names="user {}")
    assert lockout.wait(NOW, "alice", "192.0.2.1") == 0
    fail(lockout, 1, names="another")
    assert lockout.wait(NOW, "alice", "192.0.2.1") > 0


def test_a_name_that_is_guessed_from_everywhere_is_open_only_where_its_owner_has_been() -> None:
    lockout = Lockout(RULES)
    lockout.succeeded("alice", HOME)
    fail(lockout, 2 * OF_A_NAME - 1, places="place {}")
    assert lockout.wait(NOW, "alice", "elsewhere") == 0
    fail(lockout, 1, places="one more")
    assert lockout.wait(NOW, "alice", "elsewhere") > 0
    assert lockout.wait(NOW, "alice", HOME) == 0
    fail(lockout, 2, places=HOME)
    assert lockout.wait(NOW, "alice", HOME) > 0


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::2%eth0", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_counted_as_the_place_that_its_owner_has(address: str, counted_as: str) -> None:
    assert place(address) == counted_as


def test_a_clock_set_back_locks_nobody_for_longer() -> None:
    lockout = Lockout(AccessRules(lock_after=1, lock_seconds=10, lock_most=35))
    lockout.failed(NOW, "alice", HOME)
    assert lockout.wait(NOW - 86_400, "alice", HOME) == 35


def test_the_oldest_of_too_many_sessions_of_a_user_ends() -> None:
    sessions = Sessions(AccessRules())
    for number in range(MOST_OF_ONE_USER + 1):
        sessions.begin(ALICE, f"secret {number}", "csrf", "192.0.2.1", NOW + number)
    assert sessions.find("secret 0", HERE, NOW + 20) is None
    assert sessions.find("secret 1", HERE, NOW + 20) is not None
    assert len(sessions.listed(HERE, NOW + 20)) == MOST_OF_ONE_USER


@pytest.mark.parametrize(
    "users",
    [[], [User("alice", Role.ADMIN, "another hash")], [User("alice", Role.ADMIN, "a hash", enabled=False)]],
    ids=["removed", "another-password", "disabled"],
)
def test_a_session_ends_with_the_user_as_it_was(users: list[User]) -> None:
    sessions = Sessions(AccessRules())
    sessions.begin(ALICE, "secret", "csrf", "192.0.2.1", NOW)
    assert sessions.find("secret", Directory.of(2, users, []), NOW) is None
    assert sessions.find("secret", HERE, NOW) is None  # and does not come back


def test_a_session_shows_neither_its_csrf_token_nor_the_hash() -> None:
    session = Sessions(AccessRules()).begin(ALICE, "the secret", "the csrf token", "192.0.2.1", NOW)
    assert "the csrf token" not in repr(session)
    assert "a hash" not in repr(session)


def test_a_bucket_fills_evenly_and_a_clock_set_back_does_not_empty_it() -> None:
    buckets = Buckets(2)
    assert [buckets.take("a", NOW) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert buckets.take("b", NOW) == 0
    assert buckets.take("a", NOW - 3600) == 0.5
    assert buckets.take("a", NOW - 3600 + 0.5) == 0
