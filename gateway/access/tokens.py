"""API tokens: 256 random bits that a program shows, of which only the SHA-256 is kept.

A digest without salt or stretching is enough for what nobody can guess, and cheap enough for every request.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256

from gateway.access.permissions import Permission
from gateway.access.principal import Principal

PREFIX = "stirgw_"
"""By which scanners of source code find a token that was published by mistake."""

SECRET_BYTES = 32

LONGEST = 10 * 366 * 86_400.0
"""Seconds that a token may last."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret; times are epoch seconds, `id` is what it is called in addresses."""

    id: str
    name: str
    permissions: frozenset[Permission]
    digest: str
    made_at: float
    made_by: str
    expires_at: float

    @property
    def principal(self) -> Principal:
        """Whoever shows it."""
        return Principal("token", self.name, self.permissions)

    def holds(self, now: float) -> bool:
        """Whether it has not expired."""
        return now < self.expires_at


def token_text(secret: bytes) -> str:
    """What the program shows that has the token; `secret` are SECRET_BYTES random bytes."""
    return PREFIX + urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")


def digest(text: str) -> str:
    """What is kept of a token, in hexadecimal."""
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def make_token(
    name: str, permissions: frozenset[Permission], secret: bytes, by: str, now: float, expires_at: float
) -> tuple[str, Token]:
    """A new token and its text, which is told once; `secret` are SECRET_BYTES random bytes."""
    text = token_text(secret)
    hashed = digest(text)
    return text, Token(hashed[:12], name, permissions, hashed, now, by, expires_at)
