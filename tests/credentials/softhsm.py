"""A PKCS#11 token in software (SoftHSM, Debian's softhsm2) that tests may fill."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
LABEL, PIN = "gateway", "246810"


@dataclass(frozen=True)
class Token:
    """A token that works, and the file with its PIN."""

    module: Path
    label: str
    pin_file: Path


def running(folder: Path) -> Iterator[Token]:
    """A token whose tokens are in `folder`; skips the test where there is no SoftHSM."""
    if shutil.which("softhsm2-util") is None or not MODULE.exists():
        pytest.skip("no SoftHSM; do: apt-get install softhsm2")
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
