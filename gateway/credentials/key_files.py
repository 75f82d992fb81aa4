"""Keys as files: one encrypted PKCS#8 file each, which nobody but its owner may read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from gateway.credentials.passphrase import Passphrase
from gateway.credentials.stores import StoreRefused
from gateway.store.files import replace
from gateway.trust.keys import KeyRefused, load_private_key
from gateway.trust.secret_file import SecretRefused

ENDING = ".pem"


class KeyFiles:
    """The keys in `folder`, each as <id>.pem."""

    def __init__(self, folder: Path, passphrase: Passphrase) -> None:
        self._folder, self.passphrase = folder, passphrase

    def make(self, key_id: str) -> ec.EllipticCurvePublicKey:
        """Make a P-256 key pair and keep it."""
        key = ec.generate_private_key(ec.SECP256R1())
        self.take(key_id, key)
        return key.public_key()

    def take(self, key_id: str, key: ec.EllipticCurvePrivateKey) -> None:
        """Keep a P-256 key that was made elsewhere."""
        with _refusals(f"the key cannot be kept in {self._folder}"):
            # A second passphrase would part the new keys from those whose own is lost, or yet to be put back.
            passphrase = self.passphrase.read() if self.ids() else self.passphrase.read_or_make()
            encryption = BestAvailableEncryption(passphrase)
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
            replace(self._path(key_id), pem)  # a temporary file is its owner's alone, and stays so

    def open(self, key_id: str) -> ec.EllipticCurvePrivateKey:
        """The key, decrypted."""
        with _refusals(f"{self._path(key_id)} cannot be used"):
            return load_private_key(self._path(key_id), self.passphrase.read())

    def remove(self, key_id: str) -> None:
        """Destroy a key; the disk may keep what was written on it."""
        with _refusals(f"{self._path(key_id)} cannot be removed"):
            self._path(key_id).unlink(missing_ok=True)

    def ids(self) -> frozenset[str]:
        """The keys that are there."""
        with _refusals(f"{self._folder} cannot be read"):
            if not self._folder.exists():
                return frozenset()
            return frozenset(path.stem for path in self._folder.iterdir() if _is_key(path))

    def check(self) -> None:
        """Return where keys can be opened: the passphrase is at hand if there is anything to open."""
        if self.ids():
            with _refusals(f"{self._folder} cannot be used"):
                self.passphrase.read()

    def _path(self, key_id: str) -> Path:
        return self._folder / f"{key_id}{ENDING}"


def _is_key(path: Path) -> bool:
    return path.suffix == ENDING and not path.name.startswith(".")


@contextmanager
def _refusals(said: str) -> Iterator[None]:
    try:
        yield
    except KeyRefused as refused:
        # Its own reasons are about a passphrase that somebody sends with a key; this one is ours.
        reason = refused.reason if refused.reason.startswith("key-") else f"key-{refused.reason}"
        raise StoreRefused(reason, str(refused)) from None
    except SecretRefused as refused:
        raise StoreRefused(f"passphrase-{refused.reason}", str(refused)) from None
    except OSError as error:
        raise StoreRefused("key-store-failing", f"{said}: {error.strerror}") from None
