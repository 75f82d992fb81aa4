"""What a leg sent and received, read from SIPp's message trace, and the ladder of a whole call.

This file reads text; it opens no socket and starts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Direction = Literal["sent", "received"]

_ENTRY = re.compile(
    rb"^-{20,} (?P<at>[\d-]+ [\d:.]+)\n"
    rb"\w+ message (?P<direction>sent|received) [(\[](?P<size>\d+)[^\n]*\n\n",
    re.MULTILINE,
)
_COMPACT = {"i": "call-id", "f": "from", "t": "to", "v": "via", "m": "contact", "y": "identity"}


@dataclass(frozen=True, slots=True)
class Message:
    """One SIP message as it stood on the wire of one leg."""

    leg: str  # the role of that leg
    direction: Direction
    at: str  # local time, sortable as text
    raw: bytes

    @property
    def start(self) -> str:
        return self.head[0]

    @property
    def head(self) -> list[str]:
        """Start line and header lines, as text."""
        return self.raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").split("\r\n")

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    def headers(self, name: str) -> list[str]:
        """The values of every header of that name, compact forms included."""
        pairs = (line.partition(":") for line in self.head[1:])
        return [value.strip() for key, _, value in pairs if _long(key) == name.lower()]

    def header(self, name: str) -> str:
        """The one header of that name, or the empty string."""
        return next(iter(self.headers(name)), "")

    @property
    def is_request(self) -> bool:
        return not self.start.startswith("SIP/2.0 ")

    @property
    def method(self) -> str:
        """The method of the request, or of the request this answers."""
        return self.start.split(" ")[0] if self.is_request else self.header("CSeq").split(" ")[-1]

    @property
    def code(self) -> str:
        """The code of a response; empty for a request."""
        return "" if self.is_request else self.start.split(" ")[1]

    @property
    def phrase(self) -> str:
        return "" if self.is_request else self.start.split(" ", 2)[2]

    @property
    def opens_dialog(self) -> bool:
        """Whether this is an INVITE outside any dialog."""
        return self.is_request and self.method == "INVITE" and ";tag=" not in self.header("To")

    def is_a(self, kind: str) -> bool:
        """Whether the message is of a kind: ``INVITE``, ``183``, ``200 BYE``."""
        code, _, method = kind.partition(" ")
        if not code.isdigit():
            return self.is_request and self.method == code
        return self.code == code and method in ("", self.method)


def read_trace(leg: str, trace: bytes) -> Iterator[Message]:
    """The messages of SIPp's ``-trace_msg`` file; a byte count that runs past the end gives what there is."""
    for entry in _ENTRY.finditer(trace):
        raw = trace[entry.end() : entry.end() + int(entry["size"])]
        direction: Direction = "sent" if entry["direction"] == b"sent" else "received"
        yield Message(leg, direction, entry["at"].decode(), raw)


def without_retransmissions(messages: Iterable[Message]) -> list[Message]:
    """The messages in order, each once however often the same bytes went the same way on the same leg."""
    first: dict[tuple[str, Direction, bytes], Message] = {}
    for message in messages:
        first.setdefault((message.leg, message.direction, message.raw), message)
    return list(first.values())


def ladder(messages: Iterable[Message]) -> str:
    """The messages of all legs in the order of time, for a person to read."""
    lines = []
    for message in sorted(messages, key=lambda message: message.at):
        arrow = "──▶" if message.direction == "sent" else "◀──"
        cseq = f"  (CSeq {message.header('CSeq')})"
        lines.append(f"{message.at[11:]}  {message.leg:>14} {arrow}  {message.start}{cseq}")
    return "\n".join(lines)


def _long(name: str) -> str:
    key = name.strip().lower()
    return _COMPACT.get(key, key)
