"""The port of a key store: where the private half of a key pair is, which nobody ever sees.

What a store raises is StoreRefused; its message says what to do and holds no secret.
"""

from __future__ import annotations

from typing import Literal, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

StoreName = Literal["file", "pkcs11"]


class StoreRefused(Exception):
    """A key that a store cannot make, take or give; `reason` is stable kebab-case."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class KeyStore(Protocol):
    """A key store; ids are ours, [0-9a-f] only. Blocking, for any thread."""

    def make(self, key_id: str) -> EllipticCurvePublicKey:
        """Make a P-256 key pair and keep it."""

    def take(self, key_id: str, key: EllipticCurvePrivateKey) -> None:
        """Keep a P-256 key that was made elsewhere."""

    def open(self, key_id: str) -> EllipticCurvePrivateKey:
        """The key, ready to sign with; what it is made of may never leave the store."""

    def remove(self, key_id: str) -> None:
        """Destroy a key; one that is not there is destroyed already."""

    def ids(self) -> frozenset[str]:
        """The keys that are there."""

    def check(self) -> None:
        """Return where keys can be opened."""
