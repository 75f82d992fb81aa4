"""Users and tokens in SQL: every change is one transaction with a record of who made it, and a revision of its own, so that
nobody's log-in makes the policy be compiled anew.

The record shows no password, no secret and no digest; it says that one was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select, update

from gateway.access.directory import Directory
from gateway.access.permissions import Permission, Role
from gateway.access.tokens import Token
from gateway.access.users import User
from gateway.store.access_tables import TOKENS, USERS
from gateway.store.database import reading, writing
from gateway.store.errors import Conflict, NotThere, StillNeeded
from gateway.store.ledger import record
from gateway.store.tables import CHANGES
from gateway.store.written import storable

_REVISION = "access"


@dataclass(frozen=True, slots=True)
class AccessStore:
    """Users and tokens in one database. clock: epoch seconds. Any method may raise StoreGone, and then nothing was changed.

    `who` is who changes something, as the record of changes shows it.
    """

    engine: Engine
    clock: Callable[[], float]

    def revision(self) -> int:
        """One more with every change."""
        with reading(self.engine) as connection:
            return _revision(connection)

    def directory(self) -> Directory:
        """Everybody there is. A role or a permission that a newer version has written into the database gives nothing here."""
        known = select(USERS).where(USERS.c.role.in_([role.value for role in Role])).order_by(USERS.c.name)
        with reading(self.engine) as connection:
            users = map(_user, connection.execute(known).mappings())
            tokens = map(_token, connection.execute(select(TOKENS).order_by(TOKENS.c.name)).mappings())
            return Directory.of(_revision(connection), users, tokens)

    def add_user(self, user: User, who: str) -> None:
        """Add a user; Conflict if the name is taken."""
        with self._changing() as connection:
            if _find_user(connection, user.name):
                raise Conflict(f"user {user.name!r} is there already; do: choose another name")
            fields = {name: getattr(user, name) for name in ("name", "role", "password", "totp", "enabled")}
            values = _plain(fields) | {"made_at": self.clock(), "totp_step": 0}
            connection.execute(insert(USERS).values(values))
            self._record(connection, who, "added", "users", user.name, None, _told_user(user))

    def change_user(self, name: str, who: str, action: str = "changed", **fields: Any) -> User:
        """Change fields of a user (role, enabled, password, totp); NotThere, StillNeeded for the last admin's."""
        with self._changing() as connection:
            before = _found_user(connection, name)
            after = replace(before, **fields)
            _check_admin_left(connection, before, after)
            if after != before:
                connection.execute(update(USERS).where(USERS.c.name == name).values(_plain(fields)))
                told = _told_user(after) | {
                    f"{each}_changed": True for each in ("password",) if each in fields
                }
                self._record(connection, who, action, "users", name, _told_user(before), told)
        return after

    def remove_user(self, name: str, who: str) -> None:
        """Take a user away; NotThere, StillNeeded for the last admin."""
        with self._changing() as connection:
            before = _found_user(connection, name)
            _check_admin_left(connection, before, None)
            connection.execute(delete(USERS).where(USERS.c.name == name))
            self._record(connection, who, "removed", "users", name, _told_user(before), None)

    def spend_totp_step(self, name: str, step: int) -> bool:
        """Note that a code of this time step was used; False where it, or a later one, was used already."""
        with writing(self.engine) as connection:
            spent = update(USERS).where(USERS.c.name == name, USERS.c.totp_step < step)
            return connection.execute(spent.values(totp_step=step)).rowcount == 1

    def add_token(self, token: Token, who: str) -> None:
        """Add a token; Conflict if the name is taken."""
        with self._changing() as connection:
            if connection.execute(select(TOKENS.c.id).where(TOKENS.c.name == token.name)).first():
                raise Conflict(
                    f"token {token.name!r} is there already; do: choose another name, or revoke it"
                )
            values = {each.name: getattr(token, each.name) for each in TOKENS.c}
            connection.execute(insert(TOKENS).values(values | {"permissions": _sorted(token)}))
            self._record(connection, who, "added", "tokens", token.name, None, _told_token(token))

    def revoke_token(self, id: str, who: str) -> Token:
        """Take a token away, by its id or its name; NotThere."""
        with self._changing() as connection:
            match = (TOKENS.c.id == id) | (TOKENS.c.name == id)
            row = connection.execute(select(TOKENS).where(match)).mappings().first() if storable(id) else None
            if row is None:
                raise NotThere(f"there is no token {id!r}")
            token = _token(row)
            connection.execute(delete(TOKENS).where(TOKENS.c.id == token.id))
            self._record(connection, who, "removed", "tokens", token.name, _told_token(token), None)
        return token

    def note(self, who: str, action: str, resource: str, key: str) -> None:
        """Put on record what changes neither users nor tokens: a session that began or ended."""
        with writing(self.engine) as connection:
            self._record(connection, who, action, resource, key, None, None)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A transaction with the next revision, which also keeps other changes waiting."""
        with writing(self.engine) as connection:
            turn = update(CHANGES).where(CHANGES.c.resource == _REVISION)
            connection.execute(turn.values(revision=CHANGES.c.revision + 1))
            yield connection

    def _record(
        self,
        connection: Connection,
        who: str,
        action: str,
        resource: str,
        key: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        record(connection, who, self.clock(), action, resource, key, before, after)


def _revision(connection: Connection) -> int:
    asked = select(CHANGES.c.revision).where(CHANGES.c.resource == _REVISION)
    return int(connection.execute(asked).scalar_one())


def _find_user(connection: Connection, name: str) -> User | None:
    if not storable(name):
        return None
    row = connection.execute(select(USERS).where(USERS.c.name == name)).mappings().first()
    return None if row is None else _user(row)


def _found_user(connection: Connection, name: str) -> User:
    user = _find_user(connection, name)
    if user is None:
        raise NotThere(f"there is no user {name!r}")
    return user


def _check_admin_left(connection: Connection, before: User, after: User | None) -> None:
    """Raise StillNeeded where nobody would be left who may let others in."""
    if not _is_admin(before) or (after is not None and _is_admin(after)):
        return
    admins = select(USERS.c.name).where(USERS.c.role == Role.ADMIN.value, USERS.c.enabled.is_(True))
    if connection.execute(admins.where(USERS.c.name != before.name)).first() is None:
        raise StillNeeded(f"user {before.name!r} is the last admin; do: make another one first")


def _is_admin(user: User) -> bool:
    return user.enabled and user.role is Role.ADMIN


def _user(row: RowMapping) -> User:
    return User(row["name"], Role(row["role"]), row["password"], row["totp"], row["enabled"], row["made_at"])


def _token(row: RowMapping) -> Token:
    permissions = frozenset(each for each in Permission if each.value in row["permissions"])
    return Token(**{**row, "permissions": permissions})


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """As columns hold it: a role is its word."""
    return {name: value.value if isinstance(value, Role) else value for name, value in fields.items()}


def _sorted(token: Token) -> list[str]:
    return sorted(each.value for each in token.permissions)


def _told_user(user: User) -> dict[str, Any]:
    return {"role": user.role.value, "enabled": user.enabled, "totp": user.totp is not None}


def _told_token(token: Token) -> dict[str, Any]:
    return {"id": token.id, "permissions": _sorted(token), "expires_at": token.expires_at}
