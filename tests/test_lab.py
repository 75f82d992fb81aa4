"""A lab is ready to start from, and starting it again keeps what is still good."""

import time
from pathlib import Path

from gateway import lab
from gateway.credentials import signing_credential
from gateway.store import policy_file
from gateway.store.files import replace

NOW = 1_800_000_000.0
YEARS = 10 * 365 * 86400


def test_a_lab_has_a_credential_and_a_policy(tmp_path: Path) -> None:
    config = lab.prepare(tmp_path / "state", NOW)
    found = signing_credential(config.signing)
    assert found.problem is None
    assert found.credential is not None
    assert found.credential.usable(NOW) is None
    assert policy_file.load(config.node.state_dir / "policy.toml").peers
    assert all(each.host.startswith("127.") for each in config.sip.listen)


def test_what_is_good_is_kept(tmp_path: Path) -> None:
    lab.prepare(tmp_path, NOW)
    key = (tmp_path / "pki" / "616H.key").read_bytes()
    replace(tmp_path / "policy.toml", b"# mine\n")
    lab.prepare(tmp_path, NOW + 60)
    assert (tmp_path / "pki" / "616H.key").read_bytes() == key
    assert (tmp_path / "policy.toml").read_bytes() == b"# mine\n"


def test_expired_certificates_are_made_anew(tmp_path: Path) -> None:
    config = lab.prepare(tmp_path, NOW)
    lab.prepare(tmp_path, NOW + YEARS)
    renewed = signing_credential(config.signing).credential
    assert renewed is not None
    assert renewed.usable(NOW + YEARS) is None


def test_a_lab_can_be_made_now(tmp_path: Path) -> None:
    assert lab.prepare(tmp_path, time.time()).node.name == "lab"
