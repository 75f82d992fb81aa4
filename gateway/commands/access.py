"""The commands that say who is let in: user, token. They work on the database, with or without a gateway that runs; a running
one takes a change over within two seconds."""

from __future__ import annotations

import argparse
import getpass
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.access.permissions import Permission, Role
from gateway.commands import given
from gateway.commands.command import Command, Mistake
from gateway.commands.stored import as_mistake, opened, who

if TYPE_CHECKING:
    from gateway.store.access import AccessStore

_USERS = """
  gateway user add alice --role admin --make-up    the first admin; the password is told once
  gateway user add bob --role auditor              asks for a password
  gateway user password bob --from secret.txt      its first line
  gateway user disable bob                         ends what bob is logged in to as well
"""
_TOKENS = """
  gateway token add grafana --permit metrics --lasts 365d
  gateway token add sbc-1 --permit stir > sbc-1.token
  gateway token revoke grafana
"""
_PASSWORD_BYTES = 15

Action = Callable[[argparse.Namespace, "AccessStore"], None]


def _user_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add = _action(actions, "add", "make a user", _add_user, name=True)
    add.add_argument("--role", type=Role, choices=list(Role), required=True)
    _add_password(add)
    _action(actions, "list", "every user", _list_users)
    _add_password(_action(actions, "password", "give a user another password", _set_password, name=True))
    role = _action(actions, "role", "give a user another role", _set_role, name=True)
    role.add_argument("role", type=Role, choices=list(Role))
    _action(actions, "disable", "let nobody log in by this name", _disable, name=True)
    _action(actions, "enable", "take that back", _enable, name=True)
    _action(actions, "drop-totp", "take the second factor away", _drop_totp, name=True)
    _action(actions, "remove", "take a user away", _remove_user, name=True)


def _token_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add = _action(actions, "add", "make a token and print it, once", _add_token, name=True)
    add.add_argument(
        "--permit", type=Permission, choices=list(Permission), action="append", required=True,
        help="what it may be used for; may be given several times",
    )  # fmt: skip
    add.add_argument("--lasts", default="90d", metavar="DURATION", help="like 90d, default %(default)s")
    _action(actions, "list", "every token, without what it is", _list_tokens)
    _action(actions, "revoke", "take a token away, by its name or id", _revoke, name=True)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    word: str,
    text: str,
    action: Action,
    *,
    name: bool = False,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(word, help=text, description=text)
    given.add_config(parser)
    if name:
        parser.add_argument("name")
    parser.set_defaults(action=action)
    return parser


def _run(asked: argparse.Namespace) -> int:
    from gateway.store.errors import Conflict, NotThere

    try:
        with _store(asked.config) as store:
            asked.action(asked, store)
    except (Conflict, NotThere) as error:
        raise as_mistake(error) from None
    return 0


@contextmanager
def _store(config: Path) -> Iterator[AccessStore]:
    from gateway.store.access import AccessStore

    with opened(config) as engine:
        yield AccessStore(engine, time.time)


def _add_user(asked: argparse.Namespace, store: AccessStore) -> None:
    from gateway.access.users import User

    name = _checked_name(asked.name)
    store.add_user(User(name, asked.role, _hashed(_password(asked), name)), who())


def _set_password(asked: argparse.Namespace, store: AccessStore) -> None:
    hashed = _hashed(_password(asked), asked.name)
    store.change_user(asked.name, who(), "password-changed", password=hashed)


def _set_role(asked: argparse.Namespace, store: AccessStore) -> None:
    store.change_user(asked.name, who(), role=asked.role)


def _disable(asked: argparse.Namespace, store: AccessStore) -> None:
    store.change_user(asked.name, who(), "disabled", enabled=False)


def _enable(asked: argparse.Namespace, store: AccessStore) -> None:
    store.change_user(asked.name, who(), "enabled", enabled=True)


def _drop_totp(asked: argparse.Namespace, store: AccessStore) -> None:
    store.change_user(asked.name, who(), "totp-dropped", totp=None)


def _remove_user(asked: argparse.Namespace, store: AccessStore) -> None:
    store.remove_user(asked.name, who())


def _list_users(_asked: argparse.Namespace, store: AccessStore) -> None:
    for user in store.directory().users.values():
        factor = "password and code" if user.totp else "password"
        print(f"{user.name:24} {user.role:9} {'enabled' if user.enabled else 'disabled':9} {factor}")


def _add_token(asked: argparse.Namespace, store: AccessStore) -> None:
    from gateway.access.tokens import SECRET_BYTES, make_token

    by, now, secret = who(), time.time(), secrets.token_bytes(SECRET_BYTES)
    lasts = _duration(asked.lasts)
    text, token = make_token(_checked_name(asked.name), frozenset(asked.permit), secret, by, now, now + lasts)
    store.add_token(token, by)
    print(text)
    print(f"valid until {_day(token.expires_at)}; it is told once, keep it safe", file=sys.stderr)


def _list_tokens(_asked: argparse.Namespace, store: AccessStore) -> None:
    for token in store.directory().tokens.values():
        permitted = ",".join(sorted(token.permissions))
        state = "until" if token.holds(time.time()) else "EXPIRED"
        print(f"{token.id}  {token.name:24} {state} {_day(token.expires_at)}  {permitted}")


def _revoke(asked: argparse.Namespace, store: AccessStore) -> None:
    store.revoke_token(asked.name, who())


def _add_password(parser: argparse.ArgumentParser) -> None:
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="its first line; - is standard input"
    )
    ways.add_argument("--make-up", action="store_true", help="make one up and print it, once")


def _password(asked: argparse.Namespace) -> str:
    if asked.make_up:
        made_up = secrets.token_urlsafe(_PASSWORD_BYTES)
        print(made_up)
        return made_up
    if asked.source is not None:
        return given.text("--from", asked.source).partition("\n")[0].rstrip("\r")
    if not sys.stdin.isatty():
        raise Mistake("there is nobody to ask for a password", "give --from FILE or --make-up")
    password = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != password:
        raise Mistake("the two are not the same", "try again")
    return password


def _hashed(password: str, name: str) -> str:
    from gateway.access.passwords import Hasher, WeakPassword, check_password

    try:
        check_password(password, name)
    except WeakPassword as weak:
        raise Mistake(weak, "choose another one, or have one made up with --make-up") from None
    return Hasher().hash(password)


def _checked_name(name: str) -> str:
    from gateway.access.users import NAME

    if re.fullmatch(NAME, name) is None:
        raise Mistake(f"{name!r} is no name", "write small letters, digits, dots, dashes; 64 at most")
    return name


def _duration(text: str) -> float:
    from gateway.access.tokens import LONGEST
    from gateway.rim import seconds

    try:
        found = seconds(text)
    except ValueError as error:
        raise Mistake(f"--lasts {text!r}: {error}", "write it like 90d") from None
    if not 0 < found <= LONGEST:
        raise Mistake(f"--lasts {text!r}", "a token lasts ten years at most")
    return found


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


USER = Command("user", "Users of the console: who may log in, and what as.", _run, _user_arguments, _USERS)
TOKEN = Command("token", "Tokens: what programs show to be let in.", _run, _token_arguments, _TOKENS)
