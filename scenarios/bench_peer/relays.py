"""The Kamailios that are compared: each one `relay.cfg` with another step."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import gateway.kamailio.render as render
from gateway.kamailio.process import ALLOCATOR
from scenarios.bench.processes import children, cpu_ms
from tests.integration.sipp import free_port
from tests.interop.kamailio import PROGRAM, is_ready

HERE = Path(__file__).parent
HOST = "127.0.0.2"
CHILDREN = 4
MEMORY_MB = 512


@dataclass(frozen=True, slots=True)
class Relay:
    """One that runs. port: its UDP port at HOST."""

    name: str
    process: subprocess.Popen[bytes]
    port: int

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def cpu(self) -> float:
        """Milliseconds of processor time of all its processes."""
        pid = self.process.pid
        return sum(map(cpu_ms, [pid, *children(pid)]))


@contextlib.contextmanager
def running_relay(
    name: str, folder: Path, defines: Mapping[str, str | None], next_hop: str
) -> Iterator[Relay]:
    """Run a variant in a folder of its own; AssertionError with its log where it does not become ready.

    defines: what its step needs in node.cfg; None for a mark without a value.
    """
    folder.mkdir(exist_ok=True)
    port = free_port(HOST)
    (folder / "kamailio.cfg").write_text((HERE / "relay.cfg").read_text())
    (folder / "node.cfg").write_text("\n".join(_node(folder, port, next_hop, defines)) + "\n")
    if not (folder / "dispatcher.list").exists():
        (folder / "dispatcher.list").write_text("")
    log = folder / "kamailio.log"
    with log.open("wb") as output:
        process = subprocess.Popen(_command(folder), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            assert is_ready((HOST, port), process), f"{name}: kamailio does not answer:\n{log.read_text()}"
            yield Relay(name, process, port)
        finally:
            process.terminate()
            process.wait(20)


def _node(folder: Path, port: int, next_hop: str, defines: Mapping[str, str | None]) -> Iterator[str]:
    yield f"listen=udp:{HOST}:{port}"
    yield f"children={CHILDREN}"
    files = {"RPC_SOCKET": folder / "rpc.sock", "HOPS_FILE": folder / "dispatcher.list"}
    for name, value in {**files, "NEXT_HOP": next_hop, **defines}.items():
        yield f"#!define {name}" + ("" if value is None else f" {json.dumps(str(value))}")


def _command(folder: Path) -> list[str]:
    return [
        str(PROGRAM),
        *("-f", str(folder / "kamailio.cfg"), "-w", str(folder), "-Y", str(folder)),
        *("-DD", "-E", "-m", str(MEMORY_MB), "-M", "32", "-x", ALLOCATOR, "-X", ALLOCATOR),
    ]


def door_of(config_path: Path, folder: Path) -> dict[str, str | None]:
    """What our step needs: the way to this package, and the lists that the clerk keeps."""
    (folder / "door.py").write_text(render.door(config_path))
    (folder / "peers.list").write_text("")
    return {"OURS": None, "DOOR_FILE": str(folder / "door.py"), "PEERS_FILE": str(folder / "peers.list")}
