"""What stands in the header values the edge must understand: addresses, URIs, Via, lists, option tags.

Everything else is passed on as text. This file does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from gateway.sip.message import BadMessage

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TO_ESCAPE, _ESCAPED = re.compile(r'(["\\])'), r"\\\1"
_NAME_ADDR = re.compile(r'((?:"(?:[^"\\]|\\.)*"|[^"<])*)<([^<>]+)>\s*(.*)', re.DOTALL)
_TAG = re.compile(r";\s*tag\s*=\s*([^\s;,]+)", re.IGNORECASE)
_SIP_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^@<>\s]*)@)?(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))"
    r"(?::(?P<port>\d{1,5}))?(?P<rest>[;?][^<>\s]*)?",
    re.IGNORECASE,
)
_TRANSPORT = re.compile(r";transport=([a-z]+)", re.IGNORECASE)
_VIA = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*(?P<transport>[A-Za-z0-9-]+)\s+(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))"
    r"(?:\s*:\s*(?P<port>\d{1,5}))?(?P<rest>(?:\s*;\s*[^\s;,=]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s;,]+))?)*)\s*(?:,|$)",
    re.IGNORECASE,
)
_BRANCH = re.compile(r";\s*branch\s*=\s*([^\s;,]+)", re.IGNORECASE)
_RPORT = re.compile(r";\s*rport\s*(?=;|$)", re.IGNORECASE)
DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}


class Hop(NamedTuple):
    """Where one message goes: transport, host (an address or a name), port.

    `flow` is the stream it should take, if any; `socket` the number of our own socket it leaves from.
    """

    transport: str
    host: str
    port: int
    flow: int = 0
    socket: int = 0


class NameAddr(NamedTuple):
    """A From, To, Contact or P-Asserted-Identity value (RFC 3261 §20.10)."""

    display: str
    uri: str
    parameters: str


class Uri(NamedTuple):
    """A sip: or sips: URI, split no further than routing needs (RFC 3261 §19.1); `port` is 0 where none is given."""

    scheme: str
    user: str
    host: str
    port: int
    rest: str


class Via(NamedTuple):
    """The topmost Via of a request: who sent it and how to find the transaction."""

    transport: str
    host: str
    port: int
    branch: str
    rport: bool


def bracketed(host: str) -> str:
    """A host as it stands in SIP: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def quoted(text: str) -> str:
    """A quoted-string (RFC 3261 §25.1) of a text, without the control characters that none can hold."""
    return f'"{_TO_ESCAPE.sub(_ESCAPED, _CONTROL.sub("", text))}"'


@lru_cache(256)
def name_addr(value: str) -> NameAddr:
    """Split a name-addr or addr-spec; raises BadMessage when it is neither.

    A call asks for its From half a dozen times.
    """
    found = _NAME_ADDR.fullmatch(value)
    if found:
        return NameAddr(found[1].strip(), found[2].strip(), found[3])
    uri, semicolon, parameters = value.strip().partition(";")
    if not uri or any(char in uri for char in '<>" '):
        raise BadMessage("bad-address")
    return NameAddr("", uri, semicolon + parameters)


def tag_of(value: str) -> str:
    """The tag of a From or To value, or an empty string; a tag inside the URI's angle brackets is not one."""
    found = _TAG.search(value, value.rfind(">") + 1)
    return found[1] if found else ""


def uri(text: str) -> Uri:
    """Split a SIP URI; raises BadMessage for any other scheme or shape."""
    found = _SIP_URI.fullmatch(text)
    if not found:
        raise BadMessage("bad-uri")
    port = int(found["port"] or 0)
    if port > 65_535:
        raise BadMessage("bad-uri")
    return Uri(
        found["scheme"].lower(), found["user"] or "", found["v6"] or found["host"], port, found["rest"] or ""
    )


def hop_of(target: str, like: Hop) -> Hop:
    """Where a request to this URI goes, by the transport it names or else as `like` (RFC 3263 §4.1)."""
    parsed = uri(target)
    named = _TRANSPORT.search(parsed.rest)
    transport = like.transport
    if parsed.scheme == "sips":
        transport = "tls"
    elif named:
        transport = named[1].lower()
    if transport not in DEFAULT_PORT:
        raise BadMessage("unknown-transport")
    same = transport == like.transport
    return Hop(
        transport,
        parsed.host,
        parsed.port or DEFAULT_PORT[transport],
        like.flow if same else 0,
        like.socket if same else 0,
    )


def via(value: str) -> Via:
    """Read the topmost Via (of a line that may hold several); raises BadMessage."""
    found = _VIA.match(_first(value))
    if not found:
        raise BadMessage("bad-via")
    port = int(found["port"] or 0)
    if port > 65_535:
        raise BadMessage("bad-via")
    rest = found["rest"]
    branch = _BRANCH.search(rest)
    return Via(
        found["transport"].lower(),
        found["v6"] or found["host"],
        port,
        branch[1] if branch else "",
        _RPORT.search(rest) is not None,
    )


def _first(value: str) -> str:
    """The first element of a line that may hold several."""
    return next(split_list(value)) if "," in value else value


def stamped(value: str, source: Hop) -> str:
    """A topmost Via with the address its request really came from (RFC 3261 §18.2.1, RFC 3581 §4)."""
    value = value.strip()
    top = _first(value)
    return f"{_RPORT.sub(f';rport={source.port}', top)};received={source.host}{value[len(top) :]}"


def response_hop(top: Via, source: Hop) -> Hop:
    """Where the responses to a request from `source` go (RFC 3261 §18.2.2, RFC 3581 §4)."""
    if source.flow or top.rport:
        return source
    return source._replace(port=top.port or DEFAULT_PORT[source.transport])


def split_list(value: str) -> Iterator[str]:
    """The elements of a comma-separated header value; commas inside quotes or angle brackets do not part them."""
    if '"' not in value and "<" not in value:
        yield from (part.strip() for part in value.split(","))
        return
    start = depth = 0
    quoted = escaped = False
    for index, char in enumerate(value):
        if escaped or (quoted and char == "\\"):
            escaped = not escaped
        elif char == '"':
            quoted = not quoted
        elif not quoted:
            depth += (char == "<") - (char == ">")
            if char == "," and depth <= 0:
                yield value[start:index].strip()
                start = index + 1
    yield value[start:].strip()


def options(values: list[str]) -> list[str]:
    """The option tags of Supported, Require or Proxy-Require headers, lower-cased (RFC 3261 §20.32)."""
    return [tag.strip().lower() for value in values for tag in value.split(",") if tag.strip()]
