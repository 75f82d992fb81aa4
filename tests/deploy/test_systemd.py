"""The files for systemd and the kernel: sound, tight, and in step with the program they are for.

That the service lives under these restrictions is seen in `test_install.py`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.config import load
from gateway.sip.transport import RECEIVE_BUFFER
from gateway.supervisor import STOP_SECONDS

DEPLOY = Path(__file__).parents[2] / "deploy"
SYSTEMD = DEPLOY / "systemd"
UNIT = SYSTEMD / "vos3000-stir-gateway.service"
EXPOSURE = 15  # tenths, of 100: what the unit was when this was written, and no more
ANALYZE = shutil.which("systemd-analyze")

analyzed = pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze")


def settings(text: str) -> dict[str, str]:
    """The unit's settings; of one that is written several times, all values with a blank between."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found[key] = f"{found[key]} {value}" if key in found else value
    return found


SETTINGS = settings(UNIT.read_text())


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(ANALYZE), *arguments], capture_output=True, text=True)


def verified(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What systemd says to a unit whose program is there."""
    unit = folder / UNIT.name
    program = SETTINGS["ExecStart"].split()[0]
    unit.write_text(text.replace(program, "/bin/true"))
    return analyze("verify", "--recursive-errors=no", unit)


@analyzed
def test_systemd_would_complain_of_a_setting_that_does_not_exist(tmp_path: Path) -> None:
    assert (
        "Unknown key" in verified(UNIT.read_text().replace("ProtectClock", "ProtectClocks"), tmp_path).stderr
    )


@analyzed
def test_systemd_has_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    said = verified(UNIT.read_text(), tmp_path)
    assert (said.returncode, said.stderr) == (0, "")


@analyzed
def test_the_unit_is_as_tight_as_it_was() -> None:
    said = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", UNIT)
    assert said.returncode == 0, said.stdout


def test_a_stopping_unit_is_given_time_to_drain() -> None:
    drain = load(DEPLOY / "gateway.toml").sip.drain_limit
    others = 4  # the edge after its limit, then recorder and sidecar, and one to spare
    assert float(SETTINGS["TimeoutStopSec"].removesuffix("s")) >= drain + others * STOP_SECONDS


def test_only_the_supervisor_is_told_to_stop() -> None:
    assert (SETTINGS["KillMode"], SETTINGS["KillSignal"]) == ("mixed", "SIGTERM")


def test_the_unit_writes_where_the_configuration_says() -> None:
    state = load(DEPLOY / "gateway.toml").node.state_dir
    assert state == Path("/var/lib") / SETTINGS["StateDirectory"]


def test_the_user_of_the_unit_is_the_one_that_is_made() -> None:
    (made,) = re.findall(r"^u (\S+)", (SYSTEMD / "sysusers.conf").read_text(), re.MULTILINE)
    assert SETTINGS["User"] == SETTINGS["Group"] == made


def test_the_kernel_gives_sockets_the_room_they_ask_for() -> None:
    given = dict(re.findall(r"^(\S+) = (\d+)$", (SYSTEMD / "sysctl.conf").read_text(), re.MULTILINE))
    assert {int(value) for value in given.values()} == {RECEIVE_BUFFER}
    assert set(given) == {"net.core.rmem_max", "net.core.wmem_max"}
