"""A lab on one machine: certificates marked TEST ONLY, a policy with one of everything, an admin, loopback addresses.

`prepare` fills a folder so that the gateway can start from it. Certificates and policy are made where
there are none that can be used; the configuration is written anew each time, because it is the lab's and
not the operator's.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from time import time

from cryptography import x509

from certs.lab import Lab
from certs.ledger import Ledger
from gateway.access.passwords import Hasher
from gateway.access.permissions import Role
from gateway.access.users import User
from gateway.config import Config, load
from gateway.credentials.configured import signing_credential
from gateway.store.access import AccessStore
from gateway.store.database import open_database
from gateway.store.files import replace
from gateway.store.import_file import import_file
from gateway.store.migration import migrate
from gateway.store.store import Store

SPC = "616H"
POLICY = Path(__file__).parent.parent / "deploy" / "lab-policy.toml"

_PASSWORD_BYTES = 15
_BASE = "http://127.0.0.1:8080"
_CONFIG = f"""\
# The lab's configuration: written anew at each start with --lab. Copy it to make your own.
[node]
name = "lab"
state_dir = "."

[sip]
listen = ["udp:127.0.0.2:5060", "tcp:127.0.0.2:5060"]

[api]
listen = "127.0.0.1:8080"

[signing]
certs_url = "{_BASE}/certs/"
certificate = "{SPC}"
chain = "pki/{SPC}.pem"
key = "pki/{SPC}.key"
x5u = "{_BASE}/certs/{SPC}.pem"

[verification]
trust_anchors = ["pki/root.pem", "pki/pa-root.pem"]
trust_list = "pki/trust-list.jws"
trust_list_signer = "pki/pa-root.pem"
crls = ["pki/crl.pem"]

[fetch]
ports = [443, 8443, 8080]
allow_http = true
allow_addresses = ["127.0.0.0/8"]

[log]
mask_numbers = false
"""


def prepare(state_dir: Path, now: float) -> Config:
    """Make `state_dir` a lab and return its configuration; raises OSError where it cannot be written."""
    state_dir.mkdir(parents=True, exist_ok=True)
    replace(state_dir / "gateway.toml", _CONFIG.encode())
    config = load(state_dir / "gateway.toml")
    _certificates(config, Lab(state_dir / "pki"), now)
    _policy(config)
    _admin(config)
    return config


def admin_password_path(state_dir: Path) -> Path:
    """Where the password of the lab's admin lies, for the lab's owner alone."""
    return state_dir / "admin-password"


def _admin(config: Config) -> None:
    """The user `admin`, where there is no user at all; raises StoreGone where the database cannot be used."""
    engine = open_database(config.database_url)
    store = AccessStore(engine, time)
    if not store.directory().users:
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        replace(admin_password_path(config.node.state_dir), f"{password}\n".encode())
        store.add_user(User("admin", Role.ADMIN, Hasher().hash(password)), "the lab")
    engine.dispose()


def _policy(config: Config) -> None:
    """The lab's policy, where there is none at all; raises StoreGone where the database cannot be used."""
    engine = open_database(config.database_url)
    migrate(engine)
    store = Store(engine, time)
    if not store.revision():
        import_file(store, POLICY, "the lab")
    engine.dispose()  # those who are forked off later open it for themselves


def _certificates(config: Config, lab: Lab, now: float) -> None:
    """Make what cannot be used, and publish the lists anew, which do not last long."""
    at = datetime.fromtimestamp(now, UTC)
    credential = signing_credential(config.signing).credential
    if credential is not None and credential.usable(now) is None:
        lab.publish(at)
        lab.publish_trust_list(at, x509.random_serial_number)
        return
    lab.init(Ledger(_BASE), at, x509.random_serial_number, replace=True)
    lab.leaf(SPC, at, x509.random_serial_number, replace=True)
