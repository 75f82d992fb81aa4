"""What the installed pjsua2 build can do. A build is asked, not trusted: builds of one release differ in all of this.

Asking means starting the library, and a library that starts may also abort: so it is asked in a process of its own
(``python -m gateway.sip.abilities``, which prints one line of JSON) and whoever calls `read` is safe from it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pjsua2

HOST = "127.0.0.1"
PROGRAM = (sys.executable, "-I", "-m", "gateway.sip.abilities")
ANSWER_SECONDS = 10.0  # the wheel takes 0.2
NO_SUCH_TRANSPORT = 9999  # far beyond any build's table of transports
LONGEST_DATAGRAM = 65_507  # bytes of payload that UDP over IPv4 carries
TURN_MS = 10  # longest wait inside libHandleEvents


@dataclass(frozen=True, slots=True)
class Abilities:
    """One build: its `version`; the `slots` of a worker, in bridged calls; the codecs of its own offers.

    `asserts`: whether a failed assertion ends the process. `max_packet`: bytes of the longest message it reads.
    `short_transactions`: whether finished transactions can be told to go early (`worker.shorten_transactions`).
    """

    version: str
    slots: int
    codecs: tuple[str, ...]
    asserts: bool
    max_packet: int
    short_transactions: bool


class Pjsua2Missing(ImportError):
    """There is no pjsua2 here that starts; the message says what is wrong."""


def read(program: Sequence[str] = PROGRAM, seconds: float = ANSWER_SECONDS) -> Abilities:
    """Ask the build, in a process of its own; raises Pjsua2Missing where it is not installed or does not start."""
    try:
        asked = subprocess.run(  # noqa: S603 - our own program
            program, capture_output=True, text=True, timeout=seconds, cwd="/", check=False
        )
    except subprocess.TimeoutExpired:
        raise Pjsua2Missing(f"says nothing for {seconds:g} s") from None
    if asked.returncode != 0:
        said = asked.stderr.strip().splitlines() or [f"status {asked.returncode}"]
        raise Pjsua2Missing(f"does not start: {said[-1]} (its wheel is for x86-64 Linux, Python up to 3.12)")
    try:
        found = json.loads(asked.stdout)
    except ValueError:
        raise Pjsua2Missing("starts, and ends without a word") from None
    return Abilities(**{**found, "codecs": tuple(found["codecs"])})


def ask(endpoint: pjsua2.Endpoint) -> Abilities:
    """Find out from a library just started; only for a process that does nothing else with it."""
    import pjsua2 as pj
    from pjsua2 import _pjsua2

    return Abilities(
        version=endpoint.libVersion().full,
        slots=pj.UaConfig().maxCalls // 2,
        codecs=tuple(codec.codecId for codec in endpoint.codecEnum2()),
        asserts=_aborts(lambda: endpoint.transportGetInfo(NO_SUCH_TRANSPORT)),
        max_packet=_max_packet(endpoint),
        short_transactions=hasattr(ctypes.CDLL(_pjsua2.__file__), "pjsip_tsx_set_timers"),
    )


def _aborts(provoke: Callable[[], object]) -> bool:
    """Whether this kills a process: a child tries, quietly. A build without asserts raises an error instead."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _silence(sys.stderr.fileno())
        provoke()
    finally:
        os._exit(0)


def _silence(descriptor: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _max_packet(endpoint: pjsua2.Endpoint) -> int:
    """The longest message that arrives whole: what is longer loses its end, which here is the Call-ID."""
    port = _listen(endpoint)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
        near.bind((HOST, 0))
        near.setblocking(False)
        most, too_long = 0, LONGEST_DATAGRAM + 1
        while too_long - most > 1:
            size = (most + too_long) // 2
            if _is_read(endpoint, near, port, size):
                most = size
            else:
                too_long = size
    return most


def _listen(endpoint: pjsua2.Endpoint) -> int:
    import pjsua2 as pj

    config = pj.TransportConfig()
    config.boundAddress = HOST
    transport = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, config)
    endpoint.audDevManager().setNoDev()
    endpoint.libStart()
    return int(endpoint.transportGetInfo(transport).localName.rsplit(":", 1)[1])


def _is_read(endpoint: pjsua2.Endpoint, near: socket.socket, port: int, size: int) -> bool:
    """Whether an OPTIONS of that size is answered with the Call-ID it ended with.

    A short one follows it, so that silence need not be waited for. The parser forgives a missing blank line, so the
    size is counted without it.
    """
    asked, short, answers = f"{size:08}", f"{size:08}-short", b""
    for name, length in ((asked, size), (short, 0)):
        near.sendto(_options(near.getsockname()[1], port, name, length) + b"\r\n\r\n", (HOST, port))
    while _call_id(short) not in answers:
        endpoint.libHandleEvents(TURN_MS)
        with contextlib.suppress(BlockingIOError):
            answers += near.recv(LONGEST_DATAGRAM)
    return _call_id(asked) in answers


def _call_id(name: str) -> bytes:
    return f"Call-ID: {name}\r\n".encode()


def _options(near: int, port: int, name: str, size: int) -> bytes:
    lines = [
        f"OPTIONS sip:w@{HOST}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {HOST}:{near};branch=z9hG4bK{name}",
        f"From: <sip:e@{HOST}>;tag={name}",
        f"To: <sip:w@{HOST}>",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    head, end = "\r\n".join(lines), f"\r\nCall-ID: {name}"
    padding = size - len(head) - len("\r\nSubject: ") - len(end)
    return f"{head}\r\nSubject: {'x' * padding}{end}".encode()


def main() -> None:
    """Print what was found; the library, which also likes to print, is not heard."""
    from gateway.sip.worker import start_library

    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answer:
        _silence(sys.stdout.fileno())
        endpoint = start_library()
        json.dump(asdict(ask(endpoint)), answer)
    os._exit(0)  # the library would take a second to say goodbye


if __name__ == "__main__":
    main()
