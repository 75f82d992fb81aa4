"""A peer that says what SIPp would not: bytes of any kind to the gateway, over UDP and TCP, and what comes back.

The peer is ``clumsy``, a softswitch, or ``clumsy-carrier``, every call of which is rejected unless it is verified. The
called number of its messages has no route, so a message that is understood, and verified, is answered 404.

Silence needs no waiting here. The gateway reads one socket in order, so when it has answered the OPTIONS that follows a
message, it has said all it will say about that message.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from .trace import Message
from .world import GATEWAY_HOST, Gateway

SILENCE = "silence"
PATIENCE = 3.0  # seconds for an answer that must come
VIA_PORTS = (5060, 5050)  # where the Via headers of RFC 4475's messages want their answers

CLUMSY, CLUMSY_CARRIER = "127.0.16", "127.0.17"  # the networks of the two

SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0\r\n"
CALLED = "sip:+18085550123@127.0.0.2"
INVITE = f"INVITE {CALLED} SIP/2.0"
_HEADERS = {
    "Via": "SIP/2.0/UDP 127.0.16.1;branch=z9hG4bK-{id}",
    "Max-Forwards": "70",
    "From": "<sip:+12155550123@127.0.16.1>;tag=1",
    "To": f"<{CALLED}>",
    "Call-ID": "{id}@127.0.16.1",
    "CSeq": "1 INVITE",
    "Contact": "<sip:+12155550123@127.0.16.1>",
    "Content-Type": "application/sdp",
    "Content-Length": f"{len(SDP)}",
}


def invite(start: str = INVITE, extra: str = "", body: str = SDP, **changed: str | None) -> bytes:
    """A sound INVITE but for what is named: a header by its name with _ for -, None to leave it out."""
    changes = {name.replace("_", "-").lower(): value for name, value in changed.items()}
    values = {name: changes.get(name.lower(), value) for name, value in _HEADERS.items()}
    lines = [f"{name}: {value}" for name, value in values.items() if value is not None]
    text = "\r\n".join([start, *lines]) + f"\r\n{extra}\r\n{body}"
    return text.replace("{id}", f"bad-{random.getrandbits(64):x}").encode("latin-1")


_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Wire:
    """UDP from one address of the peer, on the ports its messages name in Via."""

    host: str
    sockets: tuple[socket.socket, ...]
    gateway: tuple[str, int]
    told: set[str] = field(default_factory=set)  # Call-IDs of earlier messages: answers may be repeated

    def outcome(self, data: bytes) -> str:
        """The code the gateway answers a message with, or ``silence``."""
        self.says(data)
        probe = options(self.host, "UDP")
        self.says(probe)
        heard = [each for each in self._until(_call_id(probe)) if each.header("Call-ID") not in self.told]
        self.told.update(each.header("Call-ID") for each in heard)
        codes = {message.code for message in heard} - {"100"}
        assert len(codes) <= 1, f"several answers: {sorted(codes)}"
        return next(iter(codes), SILENCE)

    def says(self, data: bytes) -> None:
        """Send a message and go on."""
        self.sockets[0].sendto(data, self.gateway)

    def final(self, data: bytes) -> Message:
        """The final answer to an INVITE, however long that takes."""
        self.says(data)
        wanted = _call_id(data)
        return next(each for each in self.finals() if each.header("Call-ID") == wanted)

    def finals(self) -> Iterator[Message]:
        """The final answers to come, each acknowledged."""
        while select.select(self.sockets[:1], [], [], PATIENCE)[0]:
            message = self._heard(self.sockets[0])
            if message.code >= "200":
                yield message
        raise AssertionError("the gateway gives no final answer")

    def _until(self, call_id: str) -> Iterator[Message]:
        """The messages received before the one of this Call-ID; refusals of an INVITE are acknowledged."""
        deadline = time.monotonic() + PATIENCE
        while ready := select.select(self.sockets, [], [], max(0, deadline - time.monotonic()))[0]:
            message = self._heard(ready[0])
            if message.header("Call-ID") == call_id:
                return
            yield message
        raise AssertionError("the gateway does not answer OPTIONS any more")

    def _heard(self, sock: socket.socket) -> Message:
        """The next message; the refusal of an INVITE is acknowledged."""
        message = Message("clumsy", "received", "", sock.recv(65535))
        if message.method == "INVITE" and message.code >= "300":
            self.says(_ack(message))
        return message


@contextlib.contextmanager
def udp_wire(gateway: Gateway, network: str = CLUMSY) -> Iterator[Wire]:
    """A wire on an address whose ports are free, of the 254 the peer has."""
    with contextlib.ExitStack() as stack:
        host, sockets = _bound(stack, network)
        yield Wire(host, sockets, (GATEWAY_HOST, gateway.sip))


def _bound(stack: contextlib.ExitStack, network: str) -> tuple[str, tuple[socket.socket, ...]]:
    for last in random.sample(range(1, 255), 254):
        host = f"{network}.{last}"
        with contextlib.ExitStack() as tried:
            sockets = tuple(tried.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in VIA_PORTS)
            with contextlib.suppress(OSError):
                for sock, port in zip(sockets, VIA_PORTS, strict=True):
                    sock.bind((host, port))
                stack.push(tried.pop_all())
                return host, sockets
    raise OSError(f"no address of {network}.0/24 has its SIP ports free")


@contextlib.contextmanager
def tcp_wire(gateway: Gateway, network: str = CLUMSY) -> Iterator[socket.socket]:
    """A TCP connection of the peer."""
    host = f"{network}.1"
    address = (GATEWAY_HOST, gateway.sip)
    with socket.create_connection(address, PATIENCE, source_address=(host, 0)) as connection:
        yield connection


def heard_on(connection: socket.socket, wanted: int = 1) -> bytes:
    """What the gateway sends on a connection until that many responses have begun, or it closes it."""
    heard = b""
    with contextlib.suppress(ConnectionError):
        while heard.count(b"SIP/2.0 ") < wanted and (more := connection.recv(65535)):
            heard += more
    return heard


def options(host: str, transport: str) -> bytes:
    """An OPTIONS that any working gateway answers with 200."""
    number = next(_numbers)
    return "\r\n".join(
        [
            f"OPTIONS sip:{GATEWAY_HOST} SIP/2.0",
            f"Via: SIP/2.0/{transport} {host}:{VIA_PORTS[0]};branch=z9hG4bK-probe-{number}",
            "Max-Forwards: 70",
            f"From: <sip:probe@{host}>;tag={number}",
            f"To: <sip:{GATEWAY_HOST}>",
            f"Call-ID: probe-{number}-{random.getrandbits(64):x}@{host}",
            "CSeq: 1 OPTIONS",
            "Content-Length: 0\r\n\r\n",
        ]
    ).encode()


def _call_id(data: bytes) -> str:
    return Message("clumsy", "sent", "", data).header("Call-ID")


def _ack(refusal: Message) -> bytes:
    number = refusal.header("CSeq").split()[0]
    lines = [
        "ACK sip:nobody@example.com SIP/2.0",
        f"Via: {refusal.header('Via')}",
        "Max-Forwards: 70",
        *(f"{name}: {refusal.header(name)}" for name in ("From", "To", "Call-ID")),
        f"CSeq: {number} ACK",
        "Content-Length: 0\r\n\r\n",
    ]
    return "\r\n".join(lines).encode()
