"""The passphrase that the key files are encrypted with, and where it is found.

1  the file that `[keys] passphrase` names
2  the credential `gateway-keys` that systemd hands over (LoadCredential=)
3  a file beside the keys, made at first use: it keeps a copy of the keys alone from being of use, and no more
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.store.files import replace
from gateway.trust.secret_file import EVERYBODY, OTHERS, SecretRefused, read_secret

CREDENTIAL = "gateway-keys"
FILE = "passphrase"

LONGEST = 1023
"""Bytes: OpenSSL takes no more."""


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Where the passphrase is. `closed_to`: the permissions that its file must not have; `beside_keys`: whether it lies
    with what it encrypts."""

    path: Path
    closed_to: int = OTHERS
    beside_keys: bool = False

    @classmethod
    def of(cls, configured: Path | None, environment: Mapping[str, str], folder: Path) -> Passphrase:
        """The one of a node that keeps its keys in `folder`."""
        if configured:
            return cls(configured)
        handed_over = environment.get("CREDENTIALS_DIRECTORY")
        if handed_over and (path := Path(handed_over, CREDENTIAL)).exists():
            return cls(path, EVERYBODY)  # an access list of systemd's looks like a permission of the group
        return cls(folder / FILE, beside_keys=True)

    def read(self) -> bytes:
        """The passphrase, without the line's end; SecretRefused (also empty, too-long)."""
        found = read_secret(self.path, self.closed_to).rstrip(b"\r\n")
        if not found:
            raise SecretRefused("empty", f"{self.path} is empty: write a passphrase into it")
        if len(found) > LONGEST:
            raise SecretRefused("too-long", f"{self.path} has more than {LONGEST} bytes: write a shorter one")
        return found

    def read_or_make(self) -> bytes:
        """The passphrase; one that lies beside the keys is made where there is none. SecretRefused, OSError."""
        if self.beside_keys and not self.path.exists():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace(self.path, f"{secrets.token_urlsafe(32)}\n".encode())
        return self.read()
