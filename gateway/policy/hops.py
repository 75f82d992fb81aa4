"""SIP endpoints as an operator writes them: `udp:192.0.2.1:5060`, `tls:[2001:db8::1]:5061`,
`udp:carrier.example`.

A name without a port is looked up as RFC 3263 says (SRV first); with a port it is an A or AAAA record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Literal, cast, get_args

Transport = Literal["udp", "tcp", "tls"]
Network = IPv4Network | IPv6Network

_ENDPOINT = re.compile(
    r"(?P<transport>[a-z]+):(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^\[\]:]+))(?::(?P<port>\d{1,5}))?"
)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


@dataclass(frozen=True, slots=True)
class NextHop:
    """Where to send a message: an address (IPv6 without brackets) or a DNS name; no port means RFC 3263."""

    transport: Transport
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> NextHop:
        """Read `transport:host[:port]`; raises ValueError saying what is wrong."""
        return cls(*split_endpoint(text))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self.transport}:{host}{port}"


def split_endpoint(text: str) -> tuple[Transport, str, int | None]:
    """Split `transport:host[:port]` into its checked parts; raises ValueError saying what is wrong."""
    found = _ENDPOINT.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} is not transport:host[:port]; write udp:192.0.2.1:5060 or tls:[2001:db8::1]:5061"
        )
    transport = found["transport"]
    if transport not in get_args(Transport):
        raise ValueError(f"transport {transport!r} is not udp, tcp or tls")
    host = _address(found["v6"]) if found["v6"] else _host(found["host"])
    return cast(Transport, transport), host, _port(found["port"])


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(f"{text!r} in brackets is not an IPv6 address") from None


def _host(text: str) -> str:
    if re.fullmatch(r"[\d.]+", text):
        return _ipv4(text)
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in text.rstrip(".").split(".")):
        raise ValueError(f"{text!r} is neither an address nor a DNS name")
    return text.rstrip(".").lower()


def _ipv4(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(f"{text!r} is not an IPv4 address") from None


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not 1 <= int(text) <= 65535:
        raise ValueError(f"port {text} is not between 1 and 65535")
    return int(text)
