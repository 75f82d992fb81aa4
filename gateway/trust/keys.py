"""Private keys, read from disk and refused unless they are safe to sign with.

A signing key is P-256 (RFC 8225 §8: ES256 is the one mandatory algorithm) and nobody but its owner may
read its file. A refusal names the file and the remedy, never what the file holds.
"""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.trust.secret_file import SecretRefused, check_closed, read_secret


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
    return parse_private_key(str(path), _read_private(path), passphrase)


def parse_private_key(name: str, pem: bytes, passphrase: bytes | None = None) -> ec.EllipticCurvePrivateKey:
    """The P-256 private key in `pem`, which refusals call by `name`; as `load_private_key` for the rest."""
    key = _parse(name, pem, passphrase)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyRefused(
            "key-not-p256",
            f"{name} is not a P-256 key, which ES256 needs: "
            "make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`",
        )
    return key


def check_private(path: Path) -> None:
    """Raise KeyRefused (key-readable-by-others) for the file of a key, of whatever kind, that others may read; OSError."""
    try:
        check_closed(path, path.stat().st_mode)
    except SecretRefused as refused:
        raise KeyRefused(f"key-{refused.reason}", str(refused)) from None


def _read_private(path: Path) -> bytes:
    try:
        return read_secret(path)
    except SecretRefused as refused:
        raise KeyRefused(f"key-{refused.reason}", str(refused)) from None


def _parse(name: str, pem: bytes, passphrase: bytes | None) -> object:
    # `from None` throughout: the library's own error belongs to text that may quote the key file.
    try:
        return load_pem_private_key(pem, passphrase)
    except TypeError:
        if passphrase is None:
            raise KeyRefused("passphrase-needed", f"{name} is encrypted: give its passphrase") from None
        raise KeyRefused(
            "passphrase-not-needed", f"{name} is not encrypted: give no passphrase, or encrypt the key"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        if passphrase is not None and b"ENCRYPTED" in pem:
            raise KeyRefused("passphrase-wrong", f"{name} does not open with this passphrase") from None
        raise KeyRefused(
            "not-a-private-key", f"{name} is not a PEM private key: it must begin with BEGIN … PRIVATE KEY"
        ) from None
