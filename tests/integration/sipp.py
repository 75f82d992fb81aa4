"""Runs SIPp: one process a leg, bound to the address of its role, its messages traced."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from .trace import Message, read_trace

SIPP = shutil.which("sipp")
PATIENCE = 8  # seconds a leg may take; SIPp then ends by itself, with an exit code that says so


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a leg sits: its own address, whom it talks to, over which of SIPp's transports."""

    host: str
    port: int
    remote: str  # host:port, IPv6 in brackets
    transport: str  # udp or tcp


@dataclass(frozen=True, slots=True)
class Leg:
    """One running SIPp."""

    role: str
    seat: Seat
    folder: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, role: str, scenario: str, seat: Seat, folder: Path, calls: int = 1) -> Leg:
        """Start SIPp on a scenario, for so many calls; its files are ``<role>.*`` in ``folder``."""
        (folder / f"{role}.xml").write_text(scenario)
        output = (folder / f"{role}.out").open("wb")
        with output:
            process = subprocess.Popen(
                _command(role, seat, calls),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return cls(role, seat, folder, process)

    def listen(self) -> None:
        """Return once SIPp's socket is open; raises TimeoutError, or RuntimeError if SIPp ended at once."""
        seat = self.seat
        wait_for(
            lambda: self.ended or is_bound(seat.host, seat.port, seat.transport), f"{self.role} to listen"
        )
        if self.ended:
            raise RuntimeError(f"{self.role}: SIPp ended at once\n{self.errors()}")

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def finish(self) -> int:
        """Wait for SIPp's exit code; 0 means that the call went as the leg says."""
        return self.process.wait(PATIENCE + 5)

    def stop(self) -> None:
        if not self.ended:
            self.process.kill()
            self.process.wait()

    def messages(self) -> list[Message]:
        trace = self.folder / f"{self.role}.messages"
        return list(read_trace(self.role, trace.read_bytes())) if trace.exists() else []

    def errors(self) -> str:
        """What SIPp complained about."""
        errors = self.folder / f"{self.role}.errors"
        return errors.read_text(errors="replace") if errors.exists() else ""


def _command(role: str, seat: Seat, calls: int) -> list[str]:
    if SIPP is None:
        raise FileNotFoundError("sipp is not installed: apt-get install sip-tester")
    return [
        SIPP,
        *("-sf", f"{role}.xml"),
        *("-i", seat.host, "-p", str(seat.port), "-t", "t1" if seat.transport == "tcp" else "u1"),
        *("-m", str(calls), "-nostdin", "-timeout", str(PATIENCE), "-timeout_error", "-skip_rlimit"),
        *("-cid_str", f"%u-%p-{role}"),  # without our address: a proxy leaves it as it is
        *("-trace_msg", "-message_file", f"{role}.messages"),
        *("-trace_err", "-error_file", f"{role}.errors"),
        seat.remote,
    ]


def wait_for(holds: Callable[[], bool], what: str, *, seconds: float = 10) -> None:
    """Look again and again until something holds; raises TimeoutError naming it."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.01)


def is_bound(host: str, port: int, transport: str) -> bool:
    """Whether some process has that UDP port, or listens on that TCP port (Linux: /proc/net)."""
    version = ip_address(host).version
    table = Path("/proc/net") / (transport + ("6" if version == 6 else ""))
    state = "0A" if transport == "tcp" else "07"
    rows = (line.split() for line in table.read_text().splitlines()[1:])
    return (_kernel_form(host, port), state) in {(row[1], row[3]) for row in rows}


def _kernel_form(host: str, port: int) -> str:
    """An address as /proc/net writes it: 32-bit words in the machine's byte order."""
    packed = ip_address(host).packed
    words = [packed[i : i + 4][::-1] for i in range(0, len(packed), 4)]
    return f"{b''.join(words).hex().upper()}:{port:04X}"


def free_port(host: str) -> int:
    """A port free for UDP and for TCP on an address, outside the range from which the system gives ports away."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        port = random.randrange(10_000, 30_000)
        udp = socket.socket(family, socket.SOCK_DGRAM)
        with udp, socket.socket(family, socket.SOCK_STREAM) as tcp:
            try:
                tcp.bind((host, port))
                udp.bind((host, port))
            except OSError:
                continue
            return port
