"""A front (deploy/kamailio/front.cfg) that runs, with nodes behind it that answer what a test says."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from gateway.sip.leg import response
from gateway.sip.message import Message, parse
from tests.integration.sipp import free_port

from .kamailio import CALLER_HOST, PATIENCE, PROGRAM, is_ready, request

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "kamailio" / "front.cfg"
FRONT, NODES = "127.0.0.54", ("127.0.0.55", "127.0.0.56")
EVERYBODY = "1 127.0.0.0 8"


class Node:
    """A gateway as a front sees it. calls, options: what it answers; None is silence. `called`: INVITEs, retransmitted
    ones too; `probed`: OPTIONS."""

    def __init__(self, host: str) -> None:
        self.calls: int | None = 486
        self.options: int | None = 200
        self.called = self.probed = 0
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind((host, free_port(host)))
        self.host, self.port = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                data, source = self._socket.recvfrom(65_535)
                message = parse(data)
                if message.method in ("INVITE", "OPTIONS"):
                    self._answer(message, source)

    def _answer(self, message: Message, source: tuple[str, int]) -> None:
        if message.method == "INVITE":
            self.called += 1
            code = self.calls
        else:
            self.probed += 1
            code = self.options
        if code is not None:
            self._socket.sendto(response(message, message.all("via"), code, "As Told", "node", []), source)

    def close(self) -> None:
        self._socket.close()


class Front:
    """One that runs, and the caller before it."""

    def __init__(self, address: tuple[str, int], nodes: tuple[Node, ...], caller: socket.socket) -> None:
        self.address, self.nodes, self._caller = address, nodes, caller

    def impatient(self) -> None:
        """Wait a second for an answer that must not come."""
        self._caller.settimeout(1.0)

    def ask(self, method: str = "INVITE") -> Message:
        """The final answer to a request of the caller's, who acknowledges none; TimeoutError where there is none."""
        asked = request(method, host=FRONT)
        self._caller.sendto(asked, self.address)
        while True:
            answer = parse(self._caller.recv(65_535))
            if answer.status >= 200 and answer.first["call-id"] == parse(asked).first["call-id"]:
                return answer


@contextlib.contextmanager
def started_front(
    folder: Path, address: tuple[str, int], nodes: Iterable[tuple[str, int]], sources: str = EVERYBODY
) -> Iterator[None]:
    """A Kamailio with the front's configuration; AssertionError with its log where it does not become ready.

    sources: who is answered, as sources.list has it.
    """
    assert PROGRAM
    (folder / "nodes.list").write_text("".join(f"1 sip:{host}:{port}\n" for host, port in nodes))
    (folder / "sources.list").write_text(f"{sources}\n")
    defined = {
        "LISTEN": f"udp:{address[0]}:{address[1]}",
        "NODES": f'"{folder / "nodes.list"}"',
        "SOURCES": f'"{folder / "sources.list"}"',
    }
    command = [
        PROGRAM,
        *("-f", str(CONFIGURATION), "-DD", "-E", "-m", "64", "-x", "tlsf", "-X", "tlsf"),
        *("-w", str(folder), "-Y", str(folder)),
        *(part for name, value in defined.items() for part in ("-A", f"{name}={value}")),
    ]
    log = folder / "front.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        assert sources != EVERYBODY or is_ready(address, process), log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextlib.contextmanager
def running_front(folder: Path, sources: str = EVERYBODY) -> Iterator[Front]:
    """One before two nodes of ours."""
    address = (FRONT, free_port(FRONT))
    with ExitStack() as stack:
        nodes = tuple(Node(host) for host in NODES)
        for node in nodes:
            stack.callback(node.close)
        places = [(node.host, node.port) for node in nodes]
        stack.enter_context(started_front(folder, address, places, sources))
        caller = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        caller.bind((CALLER_HOST, 0))
        caller.settimeout(PATIENCE)
        yield Front(address, nodes, caller)
