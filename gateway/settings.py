"""How single settings are written: sockets, addresses, URLs, sources, bounds. `gateway.config` makes sections of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from gateway.access.permissions import Permission
from gateway.policy.hops import Transport, split_endpoint
from gateway.rim import anchored
from gateway.stir import x5u

Address = IPv4Address | IPv6Address

SQLITE = "sqlite:///"
_REDIS = 'write "redis://HOST", "rediss://HOST:6380/0" or "unix:///run/redis/redis.sock"'
_DATABASES = (SQLITE, "postgresql://", "postgresql+psycopg://")


@dataclass(frozen=True, slots=True)
class Listen:
    """A SIP socket of ours: `host` is an address of this machine, IPv6 without brackets."""

    transport: Transport
    host: str
    port: int

    def __str__(self) -> str:
        """As it is written in a configuration."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class HttpListen:
    """The HTTP socket of ours."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ip_address(self.host).is_loopback


def _listen(value: object) -> Listen:
    transport, host, port = split_endpoint(_text(value, "udp:0.0.0.0:5060"))
    if port is None:
        raise ValueError("write the port too")
    return Listen(transport, _own_address(host), port)


def _http_listen(value: object) -> HttpListen:
    _, host, port = split_endpoint(f"tcp:{_text(value, '127.0.0.1:8080')}")
    if port is None:
        raise ValueError("write the port too")
    return HttpListen(_own_address(host), port)


def _own_address(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        raise ValueError(f"{host!r} is a name; write an address of this machine") from None


def _loopback(address: Address) -> Address:
    if not address.is_loopback:
        raise ValueError("must be a loopback address: nothing inside may be reached from outside")
    return address


def _text(value: object, example: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"write text, like {example!r}")
    return value


def _database(url: str, info: ValidationInfo) -> str:
    if not url.startswith(_DATABASES):
        raise ValueError('write "sqlite:///FILE" or "postgresql://USER@HOST/NAME"')
    file = url.removeprefix(SQLITE)
    return f"{SQLITE}{anchored(Path(file), info)}" if file and file != url else url


def _redis(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(_REDIS) from None
    asked = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.scheme == "unix"):
        raise ValueError(_REDIS)
    is_number = parts.scheme == "unix" or re.fullmatch(r"(/\d*)?", parts.path)
    if asked - {"ssl_ca_certs", "db"} or not is_number:
        raise ValueError("what may follow is the number of a database, and ?ssl_ca_certs=FILE")
    return url


def _base_url(url: str) -> str:
    if not url.endswith("/") or x5u.problem(url, x5u.Rules(ports=range(1, 65536), allow_http=True)):
        raise ValueError(
            'write the base of a URL, like "https://certs.example.com/certs/", with the slash at its end'
        )
    return url


def _source(value: object, info: ValidationInfo) -> str | Path:
    """A URL stays one; anything else is a path."""
    text = _text(value, "sti-pa.crl")
    return text if text.startswith(("https://", "http://")) else anchored(Path(text), info)


ListenText = Annotated[Listen, BeforeValidator(_listen)]
HttpListenText = Annotated[HttpListen, BeforeValidator(_http_listen)]
Positive = Annotated[int, Field(strict=True, ge=1)]
Rate = Annotated[int, Field(strict=True, ge=0)]
"""Requests a second, 0 for no bound."""
Subjects = dict[str, Annotated[frozenset[Permission], Field(min_length=1)]]
"""What the holders of client certificates may do, by common name."""
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Loopback = Annotated[Address, AfterValidator(_loopback)]
RedisUrl = Annotated[str, AfterValidator(_redis)]
DatabaseUrl = Annotated[str, AfterValidator(_database)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Source = Annotated[str | Path, BeforeValidator(_source)]
"""A file, or the https URL of one."""
