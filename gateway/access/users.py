"""The people who may log in."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.access.permissions import Role
from gateway.access.principal import Principal

NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""What a user's or a token's name looks like, so that it can stand in a log and in an address."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a password. `password`: its argon2id hash; `totp`: the base32 secret of the second factor, or None."""

    name: str
    role: Role
    password: str = field(repr=False)
    totp: str | None = field(default=None, repr=False)
    enabled: bool = True
    made_at: float = 0.0

    @property
    def principal(self) -> Principal:
        """Who acts, once this user has logged in."""
        return Principal("user", self.name, self.role.permissions)
