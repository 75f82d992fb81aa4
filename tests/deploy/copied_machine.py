"""A copy of this machine that boots: its files under a layer that is thrown away, real systemd, a network of its own.

The copy is a container (systemd-nspawn) whose root is an overlay over ours, so it needs no image and costs a second. Whatever
a script does there, installing a service included, is gone when it ends; it can reach no socket of this machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

NEEDED = ("systemd-nspawn", "unshare", "sipp", "sqlite3", "curl")
WORK = "/srv/work"
"""Where the copy sees the folder it shares with the test: the one place that outlives it."""
SECONDS = 240
"""How long either script may take; the copy and all in it then ends."""

_OUTSIDE = f"""\
set -eu
mount -t tmpfs -o size=3g tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
in_copy() {{
    folder=$1; shared=$2; shift 2
    timeout {SECONDS} systemd-nspawn --quiet --directory="$folder" --register=no --keep-unit --link-journal=no --timezone=off \\
        --resolv-conf=off --bind="$shared:{WORK}" "$@" </dev/null
}}
in_copy "$1/root" "$2" --pipe --chdir={WORK}/sources /bin/sh -eux {WORK}/online.sh >"$2/online.log" 2>&1
cp "$2/script.service" "$1/root/etc/systemd/system/script.service"
in_copy "$1/root" "$2" --private-network --console=pipe --boot -- \\
    systemd.unit=script.service systemd.show_status=0 >"$2/boot.log" 2>&1
"""
_SERVICE = f"""\
[Unit]
DefaultDependencies=no
Wants=basic.target
After=basic.target
SuccessAction=exit
FailureAction=exit

[Service]
Type=oneshot
WorkingDirectory={WORK}/sources
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/bin/sh -eux {WORK}/script.sh
StandardOutput=append:{WORK}/script.log
StandardError=append:{WORK}/script.log
TimeoutStartSec={SECONDS}
"""


def missing() -> str:
    """What keeps this machine from being copied; empty if nothing does."""
    if os.geteuid() != 0:
        return "needs root"
    return ", ".join(f"no {program}" for program in NEEDED if shutil.which(program) is None)


def run_in_copy(online: str, script: str, folder: Path) -> bool:
    """Run two shell scripts in one copy: `online` before it boots, with our network, then `script` under its systemd.

    Both start in `folder`/sources and see `folder` as WORK. Returns whether both came to their end.
    """
    (folder / "online.sh").write_text(online)
    (folder / "script.sh").write_text(f"{script}\ntouch {WORK}/finished\n")
    (folder / "script.service").write_text(_SERVICE)
    mounted = folder / "copy"
    mounted.mkdir()
    subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", _OUTSIDE, "sh", mounted, folder],
        check=False,
    )
    return (folder / "finished").exists()


def said(folder: Path) -> str:
    """The last that a copy said, boot and scripts."""
    logs = [folder / name for name in ("online.log", "boot.log", "script.log")]
    lines = [line for log in logs if log.exists() for line in log.read_text(errors="replace").splitlines()]
    return "\n".join(lines[-40:])
