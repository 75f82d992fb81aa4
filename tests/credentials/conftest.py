"""A custodian of its own for each test; a PKCS#11 token (SoftHSM) where Debian's package is there."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from custody import Custody

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
LABEL, PIN = "gateway", "246810"


@dataclass(frozen=True)
class Token:
    """A token that works, and the file with its PIN."""

    module: Path
    label: str
    pin_file: Path


@pytest.fixture
def custody(tmp_path: Path) -> Custody:
    return Custody(tmp_path / "credentials")


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """One for all tests: the library reads where its tokens are when it is first loaded."""
    if shutil.which("softhsm2-util") is None or not MODULE.exists():
        pytest.skip("no SoftHSM; do: apt-get install softhsm2")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "135791"],
        check=True,
        capture_output=True,
    )
    pin_file = folder / "pin"
    pin_file.write_text(f"{PIN}\n")
    pin_file.chmod(0o600)
    yield Token(MODULE, LABEL, pin_file)
    del os.environ["SOFTHSM2_CONF"]
