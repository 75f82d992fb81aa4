"""The two ends of a call as plain sockets, for tests that do something to the gateway between two messages."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from .trace import Message
from .world import CARRIERS, GATEWAY_HOST, Gateway, host_of

PATIENCE = 5.0  # seconds for a message that must come
CALLER, CALLED = "+12155550123", "+13035550123"
_numbers = count(1)


@dataclass
class End:
    """One end of a call: a UDP socket that says what the test says and remembers the call's headers."""

    sock: socket.socket
    gateway: tuple[str, int]
    dialog: list[str] = field(default_factory=list)  # From, To and Call-ID as this end writes them
    target: str = ""

    def hears(self, what: str) -> Message:
        """The next message of this method or code, a pattern; whatever comes before it does not matter."""
        while True:
            message = Message("end", "received", "", self.sock.recv(65535))
            if re.fullmatch(what, message.code or message.method):
                return message

    def says(self, start: str, *headers: str, body: str = "") -> None:
        lines = [start, *headers, f"Content-Length: {len(body)}", "", body]
        self.sock.sendto("\r\n".join(lines).encode(), self.gateway)

    def asks(self, method: str, cseq: int, *headers: str, body: str = "") -> None:
        """A request within the call, or the one that begins it."""
        host, port = self.sock.getsockname()
        via = f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-end-{next(_numbers)}"
        self.says(
            f"{method} {self.target} SIP/2.0",
            *(via, *self.dialog, f"CSeq: {cseq} {method}", "Max-Forwards: 70", *headers),
            body=body,
        )

    def answers(self, request: Message, code: str, *headers: str) -> None:
        to = request.header("To")
        lines = [
            f"{name}: {value}"
            for name in ("Via", "Record-Route", "From", "Call-ID", "CSeq")
            for value in request.headers(name)
        ]
        self.says(f"SIP/2.0 {code}", *lines, f"To: {to}{'' if 'tag=' in to else ';tag=far'}", *headers)


@contextlib.contextmanager
def two_ends(gateway: Gateway, role: str = "vos3000") -> Iterator[tuple[End, End]]:
    """A softswitch and the carrier as sockets."""
    far = (CARRIERS["carrier"][0], gateway.ports["carrier"])
    with an_end(gateway, (host_of(role), 0)) as caller, an_end(gateway, far) as callee:
        yield caller, callee


@contextlib.contextmanager
def an_end(gateway: Gateway, place: tuple[str, int]) -> Iterator[End]:
    """A socket at a place."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(place)
        sock.settimeout(PATIENCE)
        yield End(sock, (GATEWAY_HOST, gateway.sip))


def invite(caller: End, called: str = CALLED, number: str = CALLER) -> str:
    """Ask for a call; its Call-ID."""
    host, port = caller.sock.getsockname()
    this = next(_numbers)
    call_id = f"end-{this}-{port}@{host}"
    caller.target = f"sip:{called}@{GATEWAY_HOST}"
    caller.dialog = [
        f"From: <sip:{number}@{host}>;tag=near{this}",
        f"To: <{caller.target}>",
        f"Call-ID: {call_id}",
    ]
    contact = f"Contact: <sip:vos@{host}:{port}>"
    caller.asks("INVITE", 1, contact, "Content-Type: application/sdp", body="v=0\r\n")
    return call_id


def call_up(caller: End, callee: End, called: str = CALLED, number: str = CALLER) -> str:
    """Set a call up between the two ends; its Call-ID."""
    call_id = invite(caller, called, number)
    asked = callee.hears("INVITE")
    far, far_port = callee.sock.getsockname()
    callee.answers(asked, "200 OK", f"Contact: <sip:far@{far}:{far_port}>")
    answer = caller.hears("200")
    caller.dialog[1] = f"To: {answer.header('To')}"
    caller.target = _uri(answer.header("Contact"))
    caller.dialog += [f"Route: {route}" for route in reversed(answer.headers("Record-Route"))]
    caller.asks("ACK", 1)
    callee.hears("ACK")
    callee.dialog = [
        f"From: {asked.header('To')};tag=far",
        f"To: {asked.header('From')}",
        f"Call-ID: {asked.header('Call-ID')}",
        *(f"Route: {route}" for route in asked.headers("Record-Route")),
    ]
    callee.target = _uri(asked.header("Contact"))
    return call_id


def refusal(caller: End, called: str = CALLED, number: str = CALLER) -> str:
    """The rule by which a call is refused."""
    invite(caller, called, number)
    told = caller.hears("[3-6]..").header("Reason")
    found = re.fullmatch('X\\.int;text="(.*)"', told)
    assert found, told
    return found[1]


def hang_up(one: End, other: End, cseq: int) -> None:
    one.asks("BYE", cseq)
    other.answers(other.hears("BYE"), "200 OK")
    assert one.hears("200").method == "BYE"


def _uri(contact: str) -> str:
    return contact.partition("<")[2].partition(">")[0]
