"""Sound SIP messages, for `spoil` to spoil: what a softswitch and a carrier say to the gateway (RFC 3261). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.sip.leg import BRANCH
from gateway.sip.table import TOKEN_LENGTH

ROUTED, UNROUTED = "+13035550123", "+18085550123"
CALLER = "+12155550123"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.11\r\ns=-\r\nc=IN IP4 127.0.0.11\r\nt=0 0\r\n"
    "m=audio 49170 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)
_HEADER = rb"(?im)^(?:%b)[ \t]*:[ \t]*([^\r\n]*)"
_TAG = re.compile(r";tag=([^;>\s]+)")


@dataclass(frozen=True, slots=True)
class Party:
    """Who speaks: its address, and what its Contact says."""

    host: str
    port: int

    @property
    def contact(self) -> str:
        return f"Contact: <sip:{CALLER}@{self.host}:{self.port}>"

    @property
    def odd_contacts(self) -> tuple[str, ...]:
        """Contacts that lead to nobody, or nowhere; none leaves this machine."""
        hosts = (":0", ":99999", ";transport=tcp", ";transport=smoke")
        return (
            *(f"Contact: <sip:x@{self.host}{host}>" for host in hosts),
            "Contact: *",
            "Contact: <>",
            "Contact:",
        )

    @property
    def contacts(self) -> frozenset[bytes]:
        """Every Contact it may write, to the letter."""
        return frozenset(line.encode() for line in (self.contact, *self.odd_contacts))


@dataclass(frozen=True, slots=True)
class Dialog:
    """A call the gateway answered, as its answer writes it: header values, the CSeq number of its INVITE."""

    sender: str
    to: str
    call_id: str
    cseq: int

    @property
    def tag(self) -> str:
        """The gateway's tag."""
        found = _TAG.search(self.to)
        return found[1] if found else ""

    @property
    def token(self) -> str:
        """The gateway's name for the call, which its tag and its branches begin with."""
        return self.tag[:TOKEN_LENGTH]

    @classmethod
    def of(cls, answer: bytes) -> Dialog:
        cseq = header(answer, b"CSeq").split()
        return cls(header(answer, b"From"), header(answer, b"To"), header(answer, b"Call-ID"), int(cseq[0]))


def header(message: bytes, name: bytes) -> str:
    """The first value of a header, or an empty string."""
    found = re.search(_HEADER % name, message)
    return found[1].decode("latin-1") if found else ""


def opening(method: str, party: Party, name: str, called: str, contact: str) -> bytes:
    """A request outside any dialog; `name` tells it from all others."""
    start = f"{method} sip:{called}@127.0.0.2 SIP/2.0"
    dialog = Dialog(
        f'"Acme" <sip:{CALLER}@{party.host}>;tag=f{name}', f"<sip:{called}@127.0.0.2>", f"{name}@bench", 1
    )
    return _request(start, party, name, dialog, 1, [contact], SDP if method == "INVITE" else "")


def inside(method: str, party: Party, name: str, dialog: Dialog, cseq: int, contact: str) -> bytes:
    """A request within a dialog; an ACK takes the CSeq of its INVITE."""
    start = f"{method} sip:{dialog.token}@127.0.0.2 SIP/2.0"
    number = dialog.cseq if method == "ACK" else cseq
    extra = {"INVITE": [contact], "UPDATE": [contact], "PRACK": [f"RAck: 1 {dialog.cseq} INVITE"]}.get(
        method, []
    )
    return _request(start, party, name, dialog, number, extra, SDP if method in ("INVITE", "UPDATE") else "")


def _request(
    start: str, party: Party, name: str, dialog: Dialog, cseq: int, extra: list[str], body: str
) -> bytes:
    method = start.partition(" ")[0]
    lines = [
        start,
        f"Via: SIP/2.0/UDP {party.host}:{party.port};branch={BRANCH}{name}",
        "Max-Forwards: 70",
        f"From: {dialog.sender}",
        f"To: {dialog.to}",
        f"Call-ID: {dialog.call_id}",
        f"CSeq: {cseq} {method}",
        *extra,
    ]
    return _written(lines, body)


def answer_of_carrier(code: int, token: str, end: str, method: str, contact: str) -> bytes:
    """A response to a request the gateway sent, or may have sent, in the call of this token."""
    lines = [
        f"SIP/2.0 {code} Whatever",
        f"Via: SIP/2.0/UDP 127.0.0.2;branch={BRANCH}{token}.{end};rport",
        f"From: <sip:{CALLER}@127.0.0.2>;tag={token}b0",
        f"To: <sip:{ROUTED}@127.0.0.21>;tag=t{code}",
        f"Call-ID: {token}@127.0.0.2",
        f"CSeq: 1 {method}",
        contact,
    ]
    return _written(lines, SDP if code < 300 else "")


def ok(request: bytes) -> bytes:
    """200 to whatever the gateway asks."""
    lines = [f"{name}: {header(request, name.encode())}" for name in ("Via", "From", "To", "Call-ID", "CSeq")]
    return _written(["SIP/2.0 200 OK", *lines], "")


def _written(lines: list[str], body: str) -> bytes:
    sized = [*lines, "Content-Type: application/sdp"] if body else lines
    return "\r\n".join([*sized, f"Content-Length: {len(body)}", "", body]).encode("latin-1")
