"""Everybody who is known, as one immutable object: what the database held at one revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.access.tokens import Token
from gateway.access.users import User


@dataclass(frozen=True, slots=True)
class Directory:
    """Users by name and tokens by digest; `revision` is one more with every change of them, -1 before any is known."""

    revision: int = -1
    users: Mapping[str, User] = field(default_factory=dict)
    tokens: Mapping[str, Token] = field(default_factory=dict)

    @classmethod
    def of(cls, revision: int, users: Iterable[User], tokens: Iterable[Token]) -> Directory:
        """The directory of these."""
        return cls(revision, {user.name: user for user in users}, {token.digest: token for token in tokens})

    def user(self, name: str) -> User | None:
        """The user of this name who may log in."""
        found = self.users.get(name)
        return found if found and found.enabled else None
