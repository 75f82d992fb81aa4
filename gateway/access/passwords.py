"""Passwords: what a good one is, and argon2id, by which one is recognised that nobody keeps.

Hashing takes tens of milliseconds and 64 MiB by intention: call it in a thread, few at a time.
"""

from __future__ import annotations

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 256
"""Characters. The longest bounds what a stranger can have hashed."""

_LEAST_DISTINCT = 5
_LEAST_OWN = 6
_ROWS = (
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)
_STEMS = (
    *("password", "passwort", "letmein", "welcome", "administrator", "changeme", "iloveyou", "vos3000"),
    *("stirshaken", "gateway", "operator", "auditor", "admin", "secret", "monkey", "dragon", "football"),
)
_DIGITS = "0123456789"
_MEANT = str.maketrans("@$0!", "asoi")


class WeakPassword(ValueError):
    """A password that others would guess; the message says why."""


def check_password(password: str, name: str) -> None:
    """Raise WeakPassword for one that is too short, too long, or among the first that are tried."""
    if len(password) < SHORTEST:
        raise WeakPassword(f"a password has {SHORTEST} characters or more")
    if len(password) > LONGEST:
        raise WeakPassword(f"a password has {LONGEST} characters at most")
    lower = password.lower()
    plain = "".join(filter(str.isalnum, lower))
    if len(set(password)) < _LEAST_DISTINCT or any(plain in row * 3 for row in _ROWS):
        raise WeakPassword("a password that repeats or counts up is guessed first")
    meant = "".join(filter(str.isalnum, lower.translate(_MEANT)))
    own = meant
    for stem in (each.translate(_MEANT) for each in (name.lower(), *_STEMS)):
        own = own.replace(stem, "") if len(stem) > 2 else own
    if own != meant and len(own.strip(_DIGITS)) < _LEAST_OWN:
        raise WeakPassword(
            "a password of the user's name or a common word, and little else, is guessed first"
        )


class Hasher:
    """Makes and recognises hashes (RFC 9106); `verify` takes as long for a user who does not exist."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher()
        self._nobody = self._hasher.hash("of nobody")

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        return self._hasher.hash(password)

    def verify(self, kept: str | None, password: str) -> bool:
        """Whether this is the password; `kept` None for a user who does not exist."""
        try:
            self._hasher.verify(kept if kept is not None else self._nobody, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None
