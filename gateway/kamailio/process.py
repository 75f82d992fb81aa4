"""Kamailio as one process of the node: started with freshly rendered files, drained on SIGTERM, then ended.

It runs in the foreground and logs to standard error, as all of the node does.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from time import time

from gateway import draining, log
from gateway.config import Config
from gateway.kamailio import render
from gateway.metrics import fresh_status, status_path
from gateway.policy.snapshot import Snapshot

LOOK_SECONDS = 0.2
END_SECONDS = 10.0
"""What Kamailio may take to end; then it is killed."""
PRIVATE_MB = 32
"""Memory of each of its processes besides the shared one, for messages; Python has its own."""

ALLOCATOR = "tlsf"
"""What manages Kamailio's memory. Debian's default (qm, made for finding faults) walks through lists of free pieces that grow
with the calls: at 500 calls a second it takes two thirds of all processor time of a plain relay."""

_log = log.get("kamailio")


def command(config: Config, script: Path, *more: str) -> list[str]:
    """How Kamailio is called."""
    into = script.parent
    return [
        str(config.kamailio.program),
        *("-f", str(script), "-w", str(into), "-Y", str(into)),
        *("-m", str(config.kamailio.memory_mb), "-M", str(PRIVATE_MB)),
        *("-x", ALLOCATOR, "-X", ALLOCATOR),
        *more,
    ]


def run(config: Config, config_path: Path, snapshot: Snapshot) -> None:
    """Run Kamailio until SIGTERM, then let its calls end; exits with its status where it ended by itself."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    stop = draining.stop_path(config.node.state_dir)
    stop.unlink(missing_ok=True)
    script = render.write_all(config, config_path, snapshot)
    process = subprocess.Popen(command(config, script, "-DD", "-E"), stdin=subprocess.DEVNULL)  # noqa: S603
    try:
        while process.poll() is None and not stopping.wait(LOOK_SECONDS):
            continue
        if process.returncode is not None:
            _log.error("kamailio.ended", status=process.returncode)
            sys.exit(1)
        stop.touch()
        _drained(config)
    finally:
        _end(process)
        stop.unlink(missing_ok=True)


def _drained(config: Config) -> None:
    """Wait until no call is left, or the limit has passed."""
    path, until = status_path(config.node.state_dir), time() + config.sip.drain_limit
    _log.info("kamailio.draining", limit=config.sip.drain_limit)
    asleep = threading.Event()
    while time() < until:
        status = fresh_status(path, time())
        if status is None or (status.draining and not status.calls):
            return
        asleep.wait(LOOK_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
