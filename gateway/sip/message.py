"""SIP messages as the edge reads and writes them (RFC 3261 §7, §20, §25).

Reading is strict about the frame (start line, header lines, lengths) and knows nothing of meaning: a header's value is the
text between its colon and its line end. Text is Latin-1 here, so that every byte goes out as it came in. What cannot be
read raises `BadMessage`, with a reason to log and count.

The edge reads a dozen messages a call, so this parser does one split and one pass over the lines. This file does no I/O.
"""

from __future__ import annotations

import re

MAX_BYTES = 65_535  # a UDP datagram; the same bound holds on a stream
MAX_HEADERS = 128
VERSION = "SIP/2.0"

_COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition", "e": "content-encoding",
    "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported", "l": "content-length", "m": "contact",
    "n": "identity-info", "o": "event", "r": "refer-to", "s": "subject", "t": "to", "u": "allow-events", "v": "via",
    "x": "session-expires", "y": "identity",
}  # fmt: skip
_COMMON = (
    "Via", "From", "To", "Call-ID", "CSeq", "Contact", "Max-Forwards", "Content-Type", "Content-Length", "Route",
    "Record-Route", "Allow", "Supported", "Require", "Identity", "Date", "User-Agent", "P-Asserted-Identity",
)  # fmt: skip
_NAMES = (
    {name: name.lower() for name in _COMMON}
    | _COMPACT
    | {short.upper(): full for short, full in _COMPACT.items()}
)
_SINGLE = frozenset({"from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type"})

_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")  # RFC 3261 §25.1 token
# RFC 3261 §7.3.1: a line that begins with white space continues the one before.
_FOLD = re.compile(r"\r\n[ \t]+")
_STATUS = re.compile(r"SIP/2\.0 ([1-6]\d\d)(?: (.*))?")
_CSEQ = re.compile(r"(\d{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")


class BadMessage(ValueError):
    """What arrived is not a SIP message we can use; `reason` is stable kebab-case."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Message:
    """One SIP message: a request (`method`, `uri`) or a response (`status`, `phrase`), its headers and its body.

    `headers` keeps every header in order as (lower-case full name, value); `first` maps a name to its first value.
    """

    __slots__ = ("body", "cseq", "cseq_method", "first", "headers", "method", "phrase", "status", "uri")

    def __init__(self, headers: list[tuple[str, str]], first: dict[str, str], body: bytes) -> None:
        self.method = self.uri = self.phrase = ""
        self.status = 0
        self.headers, self.first, self.body = headers, first, body
        self.cseq, self.cseq_method = 0, ""

    def get(self, name: str) -> str:
        """The first value of a header, or an empty string."""
        return self.first.get(name, "")

    def all(self, name: str) -> list[str]:
        """Every value of a header, one a line, in order."""
        if name not in self.first:
            return []
        return [value for key, value in self.headers if key == name]

    @property
    def what(self) -> str:
        """The method, or the status: what a log line calls this message."""
        return self.method or str(self.status)


def parse(data: bytes) -> Message:
    """Read one whole message, as a datagram or a stream's frame holds it; raises BadMessage."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        raise BadMessage("no-end-of-headers")
    text = head.decode("latin-1")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n")
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        raise BadMessage("bare-line-end")  # to some a line end: what follows would be a header of ours
    if len(lines) > MAX_HEADERS + 1:
        raise BadMessage("too-many-headers")
    message = _headers(lines, body)
    _start_line(message, lines[0])
    _cseq(message)
    _fit_body(message)
    return message


def _headers(lines: list[str], body: bytes) -> Message:
    headers: list[tuple[str, str]] = []
    first: dict[str, str] = {}
    names = _NAMES
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        key = names.get(name)
        if key is None:
            key = _name(name)
        if not colon:
            raise BadMessage("header-without-colon")
        value = value.strip(" \t")
        headers.append((key, value))
        if key not in first:
            first[key] = value
        elif key in _SINGLE:
            raise BadMessage(f"two-{key}-headers")
    return Message(headers, first, body)


def _name(name: str) -> str:
    name = name.rstrip(" \t")
    if not _TOKEN.fullmatch(name):
        raise BadMessage("bad-header-name")
    return _NAMES.get(name) or name.lower()


def _start_line(message: Message, line: str) -> None:
    if line.startswith("SIP/"):
        found = _STATUS.fullmatch(line)
        if not found:
            raise BadMessage("bad-status-line")
        message.status, message.phrase = int(found[1]), found[2] or ""
        return
    parts = line.split(" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]) or not parts[1] or "<" in parts[1]:
        raise BadMessage("bad-request-line")
    if parts[2] != VERSION:
        raise BadMessage("unknown-version" if parts[2].startswith("SIP/") else "bad-request-line")
    message.method, message.uri = parts[0], parts[1]


def _cseq(message: Message) -> None:
    first = message.first
    for name in ("via", "from", "to", "call-id", "cseq"):
        if not first.get(name):
            raise BadMessage(f"no-{name}")
    found = _CSEQ.fullmatch(first["cseq"])
    if not found or int(found[1]) >= 1 << 31:
        raise BadMessage("bad-cseq")
    message.cseq, message.cseq_method = int(found[1]), found[2]
    if message.method and message.method != message.cseq_method:
        raise BadMessage("cseq-of-another-method")


def _fit_body(message: Message) -> None:
    """Cut the body to Content-Length; a body shorter than it says is not the body that was sent (RFC 3261 §18.3)."""
    text = message.first.get("content-length")
    if text is None:
        return
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadMessage("bad-content-length")
    length = int(text)
    if length > len(message.body):
        raise BadMessage("body-shorter-than-content-length")
    if length < len(message.body):
        message.body = message.body[:length]


_NEEDED = ("via", "from", "to", "call-id", "cseq")


def salvage(data: bytes) -> Message | None:
    """As much of a broken request as an answer needs; None where there is not enough, or it is no request."""
    lines = data[:MAX_BYTES].partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[:MAX_HEADERS]
    method = lines[0].partition(" ")[0]
    if not _TOKEN.fullmatch(method) or method.startswith("SIP/"):
        return None
    found = [
        (name.strip().lower(), value.strip())
        for name, colon, value in (x.partition(":") for x in lines[1:])
        if colon
    ]
    headers = [(_COMPACT.get(name, name), value) for name, value in found]
    first = dict(reversed(headers))
    if not all(first.get(name) for name in _NEEDED):
        return None
    message = Message(headers, first, b"")
    message.method = method
    return message


def frame_length(buffer: bytes | bytearray) -> int:
    """How many bytes of a stream make its first message; 0 while that cannot be told (RFC 3261 §18.3).

    Raises BadMessage when the stream cannot be framed any more: then it must be closed.
    """
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > MAX_BYTES:
            raise BadMessage("oversized")
        return 0
    found = _LENGTH.search(buffer, 0, end + 2)
    if not found:
        raise BadMessage("no-content-length")
    total = end + 4 + int(found[1])
    if total > MAX_BYTES:
        raise BadMessage("oversized")
    return total if len(buffer) >= total else 0


_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)


def write(start: str, headers: list[str], body: bytes = b"") -> bytes:
    """One message as bytes: start line, header lines as given, Content-Length, body."""
    return "\r\n".join((start, *headers, f"Content-Length: {len(body)}\r\n\r\n")).encode("latin-1") + body
