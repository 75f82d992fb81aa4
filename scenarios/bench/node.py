"""A gateway of our own to measure: in a temporary folder, on free ports, with the lab's certificate; gone afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from gateway.config import DATABASE
from gateway.metrics import EdgeStatus, read_status, status_path
from scenarios.bench import peers_file
from scenarios.bench.processes import children, cpu_ms, family_cpu_ms, machine_cpu_ms, pss_mb
from tests.integration.sipp import free_port, wait_for

HERE = Path(__file__).parent
GATEWAY, SOFTSWITCH, CARRIER = "127.0.0.2", "127.0.0.11", "127.0.0.21"
SPC = "616H"
START_SECONDS = 30.0
IDLE_SECONDS = 60.0  # an abandoned call takes 64*T1 to be given up, and a little more to be forgotten
STOP_SECONDS = 60.0

_CONFIG = """\
[node]
name = "{name}"
state_dir = "state"
[sip]
listen = ["udp:{host}:{sip}"]
workers = {workers}
max_calls = {max_calls}
drain_limit = "5s"
[api]
listen = "127.0.0.1:{api}"
[signing]
certificate = "616H"
chain = "lab/616H.pem"
key = "lab/616H.key"
x5u = "https://certificates.example.com/616H.pem"
"""


@dataclass(frozen=True, slots=True)
class Cpu:
    """Milliseconds of processor time, since the processes began or over a while."""

    edge: float
    workers: float  # with the pool that forks them, and those that have ended
    machine: float  # all processes there are

    def since(self, before: Cpu) -> Cpu:
        """What was used since then."""
        return Cpu(self.edge - before.edge, self.workers - before.workers, self.machine - before.machine)


@dataclass(frozen=True, slots=True)
class Node:
    """A running gateway."""

    folder: Path
    supervisor: int
    sip: int  # its UDP port
    api: int  # the TCP port of its sidecar
    carrier: int  # the ports at which its peers must answer
    softswitch: int

    @property
    def address(self) -> str:
        return f"{GATEWAY}:{self.sip}"

    @property
    def status(self) -> EdgeStatus | None:
        """What the edge last said of itself; it does so every second."""
        return read_status(status_path(self.folder / "state"))

    def events(self, name: str) -> list[dict[str, Any]]:
        """What it logged so far of one kind, oldest first."""
        lines = (self.folder / "gateway.log").read_text(errors="replace").splitlines()
        mark = f'"event": "{name}"'
        return [json.loads(line) for line in lines if mark in line and line.endswith("}")]

    @property
    def pids(self) -> dict[str, int]:
        """Every process but the workers, by name: the supervisor's, and the last one started of the others."""
        started = {line["process"]: int(line["pid"]) for line in self.events("process.started")}
        return {"supervisor": self.supervisor, **started}

    @property
    def workers(self) -> list[int]:
        return children(self.pids["pool"])

    @property
    def slots(self) -> int:
        """Calls one worker holds."""
        return int(self.events("edge.serving")[-1]["slots"])

    @property
    def cpu(self) -> Cpu:
        pids = self.pids
        return Cpu(cpu_ms(pids["edge"]), family_cpu_ms(pids["pool"]), machine_cpu_ms())

    def pss_mb(self) -> dict[str, float]:
        """Memory by kind of process."""
        apart = {name: pss_mb(pid) for name, pid in self.pids.items()}
        return {**apart, "workers": sum(pss_mb(pid) for pid in self.workers)}

    def is_idle(self) -> bool:
        """Whether no call is held, not even one that just ended, and every slot is free."""
        status = self.status
        return status is not None and not status.calls and status.slots_free == status.workers * self.slots

    def settle(self) -> None:
        """Return once it is idle; raises TimeoutError."""
        wait_for(self.is_idle, "every call to be forgotten and every slot to be free", seconds=IDLE_SECONDS)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a node starts with: a file of the peers, and a database that it is imported into beside what is there."""

    peers: Path = peers_file.SMALL
    database: Path | None = None


@contextlib.contextmanager
def running_node(
    *,
    workers: int | None = None,
    max_calls: int = 240,
    configured: str = "",
    policy: Policy = Policy(),
) -> Iterator[Node]:
    """Run a gateway with that many workers ready, by default as many as it thinks best; raises TimeoutError or RuntimeError.

    configured: more tables of its configuration, in TOML.
    """
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as name:
        folder = Path(name)
        ports = Ports(*map(free_port, (GATEWAY, "127.0.0.1", CARRIER, SOFTSWITCH)))
        _set_up(folder, ports, configuration(GATEWAY, ports, workers, max_calls) + configured, policy)
        process = start(folder)
        try:
            node = Node(folder, process.pid, *ports)
            wait_for(
                lambda: process.poll() is not None or _serves(node, workers or 1),
                "the gateway",
                seconds=START_SECONDS,
            )
            if process.poll() is not None:
                raise RuntimeError(f"gateway run ended:\n{(folder / 'gateway.log').read_text()}")
            yield node
        finally:
            _stop(process)


class Ports(NamedTuple):
    """Where a node listens, and where its peers do."""

    sip: int
    api: int
    carrier: int
    softswitch: int


def configuration(host: str, ports: Ports, workers: int | None, max_calls: int, name: str = "bench") -> str:
    """Of a node, as TOML; more tables may follow."""
    count = '"auto"' if workers is None else workers
    return _CONFIG.format(
        name=name, host=host, sip=ports.sip, api=ports.api, workers=count, max_calls=max_calls
    )


def _set_up(folder: Path, ports: Ports, configuration: str, policy: Policy) -> None:
    """Write the configuration, make a certificate, import the policy."""
    (folder / "gateway.toml").write_text(configuration)
    (folder / "policy.toml").write_text(peers_file.written(policy.peers, ports.carrier, ports.softswitch))
    run(sys.executable, "-m", "certs", "init", "--dir", str(folder / "lab"), "--spc", SPC)
    if policy.database:
        (folder / "state").mkdir(exist_ok=True)
        shutil.copy(policy.database, folder / "state" / DATABASE)
    run(*gateway("import", folder, str(folder / "policy.toml"), "--merge"))


def run(*command: str) -> None:
    """Run a command to its end; RuntimeError with what it said where it fails."""
    done = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")


def gateway(verb: str, folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "gateway.cli", verb, *arguments, "--config", str(folder / "gateway.toml")]


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Run the node of a folder, in a process group of its own."""
    with (folder / "gateway.log").open("wb") as log:
        command = gateway("run", folder)
        return subprocess.Popen(
            command,
            cwd=HERE.parents[1],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _serves(node: Node, workers: int) -> bool:
    status = node.status
    return status is not None and status.ready and status.workers >= workers


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Let it drain; a node that does not end is ended with its whole process group, which nobody else is in."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
