"""The parts of this room put together as the configuration says: the folder, the key stores, the custodian."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from gateway import log
from gateway.config import Config
from gateway.credentials.configured import signing_credential
from gateway.credentials.custodian import Custodian, Means, Trust
from gateway.credentials.following import Following
from gateway.credentials.key_files import KeyFiles
from gateway.credentials.keyring import Keyring
from gateway.credentials.manifest_file import ManifestFile
from gateway.credentials.passphrase import Passphrase
from gateway.credentials.stores import KeyStore
from gateway.stir.revocation import Revocations
from gateway.store.deed import Deed
from gateway.store.spool import leave, spool_path
from gateway.trust.credential import Credential

_log = log.get("credentials")
_TOLD = ("who", "action", "resource", "key", "revision")


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
    keys = config.keys
    if keys.pkcs11_module and keys.pkcs11_token and keys.pkcs11_pin:
        from gateway.credentials.key_token import KeyToken  # what few nodes need is not loaded by all

        stores["pkcs11"] = KeyToken(keys.pkcs11_module, keys.pkcs11_token, keys.pkcs11_pin)
    return Keyring(stores)


def following_of(config: Config, revocations: Callable[[], Revocations]) -> Following:
    """What signs in this process; `revocations` are the lists in force."""
    found = signing_credential(config.signing)
    if found.problem:
        _log.warning("signing.not-configured", reason=found.problem)
    file = ManifestFile(credentials_folder(config.node.state_dir))
    ordered = {order.account: order.spc for order in config.acme.orders if order.account is not None}
    return Following(file, keyring_of(config), found.credential, revocations, ordered)


def custodian_of(
    config: Config,
    trust: Trust,
    now: Callable[[], float],
    configured: Credential | None = None,
) -> Custodian:
    """The custodian of this node's keys and certificates."""
    file = ManifestFile(credentials_folder(config.node.state_dir))

    def record(deed: Deed) -> None:
        _log.info("credentials.changed", **{name: getattr(deed, name) for name in _TOLD})
        try:
            name = f"{int(deed.at * 1e6):020d}-{deed.revision}"
            leave(spool_path(config.node.state_dir), {"kind": "audit", **asdict(deed)}, name)
        except OSError as error:  # what was done is done
            _log.error("credentials.not-recorded", error=error.strerror, revision=deed.revision)

    means = Means(file, keyring_of(config), trust, now, record, config.signing.certs_url, configured)
    return Custodian(means)
