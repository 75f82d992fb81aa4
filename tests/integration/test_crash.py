"""A process of the node is killed while a call is up: what becomes of the call, and whether the next one goes through."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from .sipp import wait_for
from .trace import Message
from .world import CARRIERS, GATEWAY_HOST, SOFTSWITCHES, Gateway, running_gateway

PATIENCE = 5.0  # seconds for a message that must come
_numbers = count(1)


@dataclass
class End:
    """One end of a call: a UDP socket that says what the test says and remembers the call's headers."""

    sock: socket.socket
    gateway: tuple[str, int]
    dialog: list[str] = field(default_factory=list)  # From, To and Call-ID as this end writes them
    target: str = ""

    def hears(self, what: str) -> Message:
        """The next message that is this method or code; whatever comes before it does not matter."""
        while True:
            message = Message("end", "received", "", self.sock.recv(65535))
            if what in (message.code or message.method,):
                return message

    def says(self, start: str, *headers: str, body: str = "") -> None:
        lines = [start, *headers, f"Content-Length: {len(body)}", "", body]
        self.sock.sendto("\r\n".join(lines).encode(), self.gateway)

    def asks(self, method: str, cseq: int) -> None:
        """A request within the call."""
        host, port = self.sock.getsockname()
        via = f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-crash-{next(_numbers)}"
        self.says(
            f"{method} {self.target} SIP/2.0", via, *self.dialog, f"CSeq: {cseq} {method}", "Max-Forwards: 70"
        )

    def answers(self, request: Message, code: str, *headers: str) -> None:
        to = request.header("To")
        lines = [
            f"{name}: {value}"
            for name in ("Via", "From", "Call-ID", "CSeq")
            for value in request.headers(name)
        ]
        self.says(f"SIP/2.0 {code}", *lines, f"To: {to}{'' if 'tag=' in to else ';tag=far'}", *headers)


@contextlib.contextmanager
def two_ends(gateway: Gateway) -> Iterator[tuple[End, End]]:
    """VOS3000 and the carrier as sockets."""
    places = ((SOFTSWITCHES["vos3000"], 0), (CARRIERS["carrier"][0], gateway.ports["carrier"]))
    with contextlib.ExitStack() as stack:
        ends = []
        for place in places:
            sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.bind(place)
            sock.settimeout(PATIENCE)
            ends.append(End(sock, (GATEWAY_HOST, gateway.sip)))
        yield ends[0], ends[1]


def call_up(caller: End, callee: End) -> None:
    """Set a call up between the two ends."""
    host, port = caller.sock.getsockname()
    number = next(_numbers)
    sender, to = f"From: <sip:+12155550123@{host}>;tag=near{number}", f"To: <sip:+13035550123@{GATEWAY_HOST}>"
    call_id = f"Call-ID: crash-{number}@{host}"
    caller.says(
        f"INVITE sip:+13035550123@{GATEWAY_HOST} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-crash-{number}",
        *(sender, to, call_id, "CSeq: 1 INVITE", "Max-Forwards: 70"),
        *(f"Contact: <sip:vos@{host}:{port}>", "Content-Type: application/sdp"),
        body="v=0\r\n",
    )
    invite = callee.hears("INVITE")
    far, far_port = callee.sock.getsockname()
    callee.answers(invite, "200 OK", f"Contact: <sip:far@{far}:{far_port}>")
    answer = caller.hears("200")
    caller.dialog, caller.target = (
        [sender, f"To: {answer.header('To')}", call_id],
        _uri(answer.header("Contact")),
    )
    caller.asks("ACK", 1)
    callee.hears("ACK")
    callee.dialog = [
        f"From: {invite.header('To')};tag=far",
        f"To: {invite.header('From')}",
        f"Call-ID: {invite.header('Call-ID')}",
    ]
    callee.target = _uri(invite.header("Contact"))


def _uri(contact: str) -> str:
    return contact.partition("<")[2].partition(">")[0]


def hang_up(one: End, other: End, cseq: int) -> None:
    one.asks("BYE", cseq)
    assert one.hears("200").method == "BYE"
    other.answers(other.hears("BYE"), "200 OK")


def process(gateway: Gateway, name: str) -> int:
    """The latest process of that name."""
    started = [
        x["pid"] for x in gateway.log_lines() if x["event"] == "process.started" and x["process"] == name
    ]
    return int(started[-1])


def workers(gateway: Gateway) -> list[int]:
    pool = process(gateway, "pool")
    return [int(pid) for pid in Path(f"/proc/{pool}/task/{pool}/children").read_text().split()]


@pytest.fixture
def own_gateway(real_sip: None, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of this test's own: it will be hurt."""
    with running_gateway(tmp_path, {}) as gateway:
        yield gateway


@pytest.mark.parametrize("by_caller", [True, False], ids=["caller-hangs-up", "callee-hangs-up"])
def test_a_call_outlives_its_edge_and_either_end_can_hang_up(own_gateway: Gateway, by_caller: bool) -> None:
    journal = own_gateway.folder / "state" / "run" / "calls.journal"
    with two_ends(own_gateway) as (caller, callee):
        call_up(caller, callee)
        wait_for(lambda: journal.exists() and journal.stat().st_size > 0, "the call to be in the journal")
        edge = process(own_gateway, "edge")
        os.kill(edge, signal.SIGKILL)
        wait_for(lambda: process(own_gateway, "edge") != edge, "another edge")
        wait_for(lambda: events(own_gateway, "edge.serving") == 2, "it to serve")
        if by_caller:
            hang_up(caller, callee, 2)
        else:
            hang_up(callee, caller, 1)
        wait_for(own_gateway.is_idle, "the call to be forgotten", seconds=20)


def events(gateway: Gateway, name: str) -> int:
    """How often the log has said this so far."""
    return sum(line["event"] == name for line in gateway.log_lines())


def test_a_worker_that_dies_ends_its_call_on_both_sides_and_the_next_call_goes_through(
    own_gateway: Gateway,
) -> None:
    with two_ends(own_gateway) as (caller, callee):
        call_up(caller, callee)
        before = workers(own_gateway)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        for end in (caller, callee):
            end.answers(end.hears("BYE"), "200 OK")
        wait_for(lambda: events(own_gateway, "worker.died") == len(before), "the edge to know")
        wait_for(lambda: len(workers(own_gateway)) >= len(before), "new workers")
        call_up(caller, callee)
        hang_up(caller, callee, 2)


def test_a_pool_that_dies_ends_its_calls_and_comes_back(own_gateway: Gateway) -> None:
    with two_ends(own_gateway) as (caller, callee):
        call_up(caller, callee)
        os.kill(process(own_gateway, "pool"), signal.SIGKILL)
        for end in (caller, callee):
            end.answers(end.hears("BYE"), "200 OK")
        wait_for(lambda: events(own_gateway, "edge.serving") == 2, "another edge", seconds=20)
        wait_for(own_gateway.is_ready, "it to be ready", seconds=20)
        call_up(caller, callee)
        hang_up(callee, caller, 1)
