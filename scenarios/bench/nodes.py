"""Several whole nodes with one PostgreSQL and one Redis, behind one front: a Kamailio that knows nothing of calls.

To the traffic the front is a gateway like any other.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.metrics import EdgeStatus, read_status, status_path
from scenarios.bench import peers_file
from scenarios.bench.node import (
    CARRIER,
    GATEWAY,
    HERE,
    SOFTSWITCH,
    SPC,
    START_SECONDS,
    STOP_SECONDS,
    Node,
    Ports,
    configuration,
    run,
    start,
)
from scenarios.bench.node import gateway as gateway_command
from tests.integration.sipp import free_port, wait_for
from tests.interop.front import started_front
from tests.shared.redis_server import RedisServer, running_redis
from tests.store.cluster import Cluster as Postgres
from tests.store.cluster import running as running_postgres

HOSTS = ("127.0.0.3", "127.0.0.4", "127.0.0.5")
DATABASE = "gateway"

_STORE = """\
[store]
database_url = "{database}"
redis_url = "{redis}"
"""


@dataclass(slots=True)
class Member:
    """One node. sip: its UDP port at `host`."""

    folder: Path
    host: str
    sip: int
    process: subprocess.Popen[bytes]

    @property
    def status(self) -> EdgeStatus | None:
        """What its edge last said of itself."""
        return read_status(status_path(self.folder / "state"))

    def kill(self) -> None:
        """End all of it at once, as if its machine had lost its power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Let it drain; one that does not end is killed."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass(frozen=True, slots=True)
class Several:
    """The nodes that run, and what they share. front: as the traffic knows it."""

    front: Node
    members: tuple[Member, ...]
    redis: RedisServer
    postgres: Postgres

    def is_idle(self) -> bool:
        """Whether no node that runs holds a call."""
        running = [member.status for member in self.members if member.process.poll() is None]
        return all(status is not None and not status.calls for status in running)


@contextlib.contextmanager
def several_nodes(workers: int, concurrent: int) -> Iterator[Several]:
    """Run three, each with that many workers ready, whose one account has so many calls at once; TimeoutError, RuntimeError."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-several-")))
        postgres, redis = stack.enter_context(running_postgres()), stack.enter_context(running_redis())
        postgres.run(f"CREATE DATABASE {DATABASE}")
        front = Node(folder, 0, *map(free_port, (GATEWAY, "127.0.0.1", CARRIER, SOFTSWITCH)))
        run(sys.executable, "-m", "certs", "init", "--dir", str(folder / "lab"), "--spc", SPC)
        members = []
        for number, host in enumerate(HOSTS, 1):
            home, sip = _set_up(folder, f"node-{number}", host, workers, postgres, redis)
            if not members:
                _import(folder, home, front, concurrent)
            process = start(home)
            members.append(Member(home, host, sip, process))
            stack.callback(members[-1].stop)
        for member in members:
            wait_for(lambda member=member: _serves(member, workers), "a node", seconds=START_SECONDS)
        places = [(member.host, member.sip) for member in members]
        stack.enter_context(started_front(folder, (GATEWAY, front.sip), places))
        yield Several(front, tuple(members), redis, postgres)


def _set_up(
    folder: Path, name: str, host: str, workers: int, postgres: Postgres, redis: RedisServer
) -> tuple[Path, int]:
    home = folder / name
    ports = Ports(free_port(host), free_port("127.0.0.1"), 0, 0)
    shutil.copytree(folder / "lab", home / "lab")
    store = _STORE.format(database=postgres.url(DATABASE), redis=redis.url)
    (home / "gateway.toml").write_text(configuration(host, ports, workers, 2 * workers, name) + store)
    return home, ports.sip


def _import(folder: Path, home: Path, front: Node, concurrent: int) -> None:
    text = peers_file.written(HERE / "cluster.toml", front.carrier, front.softswitch)
    (folder / "policy.toml").write_text(text.replace("{concurrent}", str(concurrent)))
    run(*gateway_command("import", home, str(folder / "policy.toml")))


def _serves(member: Member, workers: int) -> bool:
    if member.process.poll() is not None:
        raise RuntimeError(f"gateway run ended:\n{(member.folder / 'gateway.log').read_text()}")
    status = member.status
    return status is not None and status.ready and status.workers >= workers
