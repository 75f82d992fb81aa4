"""Private keys, read from disk and refused unless they are safe to sign with.

A signing key is P-256 (RFC 8225 §8: ES256 is the one mandatory algorithm) and nobody but its owner may
read its file. A refusal names the file and the remedy, never what the file holds.
"""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

OTHERS = 0o077  # any permission of the group or of everybody


class KeyRefused(Exception):
    """A private key that must not be used; `reason` is stable kebab-case, the message says what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def load_private_key(path: Path, passphrase: bytes | None = None) -> ec.EllipticCurvePrivateKey:
    """The P-256 private key in the PEM file at `path`.

    `passphrase` opens an encrypted file and must be None for any other.
    Raises KeyRefused: key-missing, key-unreadable, key-readable-by-others, passphrase-needed,
    passphrase-not-needed, passphrase-wrong, not-a-private-key or key-not-p256.
    """
    key = _parse(path, _read_private(path), passphrase)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyRefused(
            "key-not-p256",
            f"{path} is not a P-256 key, which ES256 needs: "
            "make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`",
        )
    return key


def check_private(path: Path) -> None:
    """Raise KeyRefused (key-readable-by-others) for the file of a key, of whatever kind, that others may read; OSError."""
    _check_mode(path, path.stat().st_mode)


def _check_mode(path: Path, mode: int) -> None:
    if mode & OTHERS:
        raise KeyRefused(
            "key-readable-by-others",
            f"{path} is open to other users (mode {mode & 0o777:04o}): run `chmod 600 {path}`",
        )


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # The open file is asked, not the path: what was checked is what is read.
            _check_mode(path, os.fstat(file.fileno()).st_mode)
            return file.read()
    except FileNotFoundError:
        raise KeyRefused("key-missing", f"{path} does not exist: check the path of the key") from None
    except OSError as error:
        raise KeyRefused("key-unreadable", f"{path} cannot be read: {error.strerror}") from None


def _parse(path: Path, pem: bytes, passphrase: bytes | None) -> object:
    # `from None` throughout: the library's own error belongs to text that may quote the key file.
    try:
        return load_pem_private_key(pem, passphrase)
    except TypeError:
        if passphrase is None:
            raise KeyRefused("passphrase-needed", f"{path} is encrypted: give its passphrase") from None
        raise KeyRefused(
            "passphrase-not-needed", f"{path} is not encrypted: give no passphrase, or encrypt the key"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        if passphrase is not None and b"ENCRYPTED" in pem:
            raise KeyRefused("passphrase-wrong", f"{path} does not open with this passphrase") from None
        raise KeyRefused(
            "not-a-private-key", f"{path} is not a PEM private key: it must begin with BEGIN … PRIVATE KEY"
        ) from None
