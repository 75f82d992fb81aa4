"""The parts of this room put together as the configuration says: the folder, the key stores, the custodian."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gateway.config import Config
from gateway.credentials.custodian import Change, Custodian, Means, Trust
from gateway.credentials.key_files import KeyFiles
from gateway.credentials.keyring import Keyring
from gateway.credentials.manifest_file import ManifestFile
from gateway.credentials.passphrase import Passphrase
from gateway.credentials.stores import KeyStore
from gateway.trust.credential import Credential


def credentials_folder(state_dir: Path) -> Path:
    """Where a node keeps its keys and certificates."""
    return state_dir / "credentials"


def passphrase_of(config: Config) -> Passphrase:
    """Where the passphrase of the key files is."""
    return Passphrase.of(config.keys.passphrase, os.environ, credentials_folder(config.node.state_dir))


def keyring_of(config: Config) -> Keyring:
    """The key stores of this node."""
    folder = credentials_folder(config.node.state_dir) / "keys"
    stores: dict[str, KeyStore] = {"file": KeyFiles(folder, passphrase_of(config))}
    return Keyring(stores)


def custodian_of(
    config: Config,
    trust: Trust,
    now: Callable[[], float],
    record: Callable[[Change], None],
    configured: Credential | None = None,
) -> Custodian:
    """The custodian of this node's keys and certificates."""
    file = ManifestFile(credentials_folder(config.node.state_dir))
    means = Means(file, keyring_of(config), trust, now, record, config.signing.certs_url, configured)
    return Custodian(means)
