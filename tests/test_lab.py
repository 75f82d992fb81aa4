"""A lab is ready to start from, and starting it again keeps what is still good."""

import stat
import time
from pathlib import Path

from gateway import lab
from gateway.access.passwords import Hasher
from gateway.access.permissions import Role
from gateway.config import Config
from gateway.credentials.configured import signing_credential
from gateway.store.access import AccessStore
from gateway.store.database import open_database
from gateway.store.store import Store

NOW = 1_800_000_000.0
YEARS = 10 * 365 * 86400


def store_of(config: Config) -> Store:
    return Store(open_database(config.database_url), time.time)


def test_a_lab_has_a_credential_and_a_policy(tmp_path: Path) -> None:
    config = lab.prepare(tmp_path / "state", NOW)
    found = signing_credential(config.signing)
    assert found.problem is None
    assert found.credential is not None
    assert found.credential.usable(NOW) is None
    assert store_of(config).policy().peers
    assert all(each.host.startswith("127.") for each in config.sip.listen)


def test_what_is_good_is_kept(tmp_path: Path) -> None:
    config = lab.prepare(tmp_path, NOW)
    key = (tmp_path / "pki" / "616H.key").read_bytes()
    store = store_of(config)
    store.delete("routes", "carrier:default", "a tester")
    changed = store.revision()
    lab.prepare(tmp_path, NOW + 60)
    assert (tmp_path / "pki" / "616H.key").read_bytes() == key
    assert store.revision() == changed


def test_expired_certificates_are_made_anew(tmp_path: Path) -> None:
    config = lab.prepare(tmp_path, NOW)
    lab.prepare(tmp_path, NOW + YEARS)
    renewed = signing_credential(config.signing).credential
    assert renewed is not None
    assert renewed.usable(NOW + YEARS) is None


def test_a_lab_can_be_made_now(tmp_path: Path) -> None:
    assert lab.prepare(tmp_path, time.time()).node.name == "lab"


def test_a_lab_has_an_admin_whose_password_lies_where_its_owner_alone_reads_it(tmp_path: Path) -> None:
    config = lab.prepare(tmp_path, NOW)
    path = lab.admin_password_path(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store = AccessStore(open_database(config.database_url), time.time)
    admin = store.directory().users["admin"]
    assert admin.role is Role.ADMIN
    assert Hasher().verify(admin.password, path.read_text().strip())
    lab.prepare(tmp_path, NOW + 60)
    assert store.directory().users["admin"] == admin
