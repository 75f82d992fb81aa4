"""A real Kamailio on a loopback address, run as `kamailio.cfg` says, with a caller in front of it and a carrier behind.

The caller and the carrier are UDP sockets: one message goes in, one comes out.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from gateway.sip.message import Message, parse, write
from tests.integration.sipp import free_port

from .lab import CALLEE, CALLER, Lab

PROGRAM = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")  # not in everybody's PATH
MODULE = next(Path("/usr/lib").glob("*/kamailio/modules/secsipid.so"), None)
CONFIGURATION = Path(__file__).with_name("kamailio.cfg")
PROXY_HOST, CALLER_HOST, CARRIER_HOST = "127.0.0.51", "127.0.0.52", "127.0.0.53"
PATIENCE = 10.0  # seconds for a message that must come
START_TRIES = 200  # of 50 ms each


@dataclass(frozen=True, slots=True)
class Kamailio:
    """One that runs: `caller` sends it requests and hears the answers, `carrier` hears what it relays."""

    address: tuple[str, int]
    caller: socket.socket
    carrier: socket.socket

    def answer(self, request: bytes) -> Message:
        """What it answers."""
        self.caller.sendto(request, self.address)
        return parse(self.caller.recv(65_535))

    def relayed(self, request: bytes) -> bytes:
        """What it sends on."""
        self.caller.sendto(request, self.address)
        return self.carrier.recv(65_535)


@contextlib.contextmanager
def running_kamailio(lab: Lab, folder: Path) -> Iterator[Kamailio]:
    """Run one that trusts the lab's root and signs with its leaf's key; its log is in `folder`.

    Raises AssertionError where it does not become ready.
    """
    address = (PROXY_HOST, free_port(PROXY_HOST))
    log = folder / "kamailio.log"
    with _udp(CALLER_HOST) as caller, _udp(CARRIER_HOST) as carrier, log.open("wb") as output:
        command = _command(lab, folder, address, carrier)
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            assert is_ready(address, process), f"kamailio does not answer:\n{log.read_text()}"
            yield Kamailio(address, caller, carrier)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def invite(*headers: str, caller: str = CALLER, callee: str = CALLEE) -> bytes:
    """An INVITE with these headers besides those it must have."""
    return request("INVITE", caller, callee, headers)


def request(
    method: str,
    caller: str = CALLER,
    callee: str = CALLEE,
    headers: tuple[str, ...] = (),
    host: str = PROXY_HOST,
) -> bytes:
    """A request that begins something, at a host."""
    token = uuid4().hex
    return write(
        f"{method} sip:{callee}@{host} SIP/2.0",
        [
            f"Via: SIP/2.0/UDP {CALLER_HOST};rport;branch=z9hG4bK{token}",
            "Max-Forwards: 70",
            f"From: <sip:{caller}@{CALLER_HOST}>;tag={token}",
            f"To: <sip:{callee}@{host}>",
            f"Call-ID: {token}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:{CALLER_HOST}>",
            *headers,
        ],
    )


def _command(lab: Lab, folder: Path, address: tuple[str, int], carrier: socket.socket) -> list[str]:
    assert PROGRAM
    host, port = carrier.getsockname()
    defined = {
        "CA": f"CertCAFile={lab.root}",
        "KEY": lab.key,
        "X5U": lab.x5u,
        "NEXT_HOP": f"sip:{host}:{port}",
    }
    defines = [f'{name}="{value}"' for name, value in defined.items()]
    return [
        PROGRAM,
        *("-f", str(CONFIGURATION), "-l", f"udp:{address[0]}:{address[1]}", "-n", "1"),
        *("-DD", "-E", "-m", "16", "-M", "4", "-w", str(folder), "-Y", str(folder)),
        *(part for define in defines for part in ("-A", define)),
    ]


def is_ready(address: tuple[str, int], process: subprocess.Popen[bytes]) -> bool:
    """Whether a Kamailio comes to answer OPTIONS; they have a socket of their own: several may be answered in the end."""
    with _udp(CALLER_HOST) as probe:
        probe.settimeout(0.05)
        for _ in range(START_TRIES):
            probe.sendto(request("OPTIONS", "probe", "ready"), address)
            with contextlib.suppress(TimeoutError):
                return parse(probe.recv(65_535)).status == 200
            if process.poll() is not None:
                break
    return False


@contextlib.contextmanager
def _udp(host: str) -> Iterator[socket.socket]:
    with socket.socket(type=socket.SOCK_DGRAM) as bound:
        bound.bind((host, 0))
        bound.settimeout(PATIENCE)
        yield bound
