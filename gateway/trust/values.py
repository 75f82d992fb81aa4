"""What fetching is told, what it brings, and how it fails: its words, without the machinery and what that imports."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

from gateway.stir.reasons import Reason

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class FetchRules:
    """What may be fetched from strangers' hosts, and how much of anything that may cost.

    connect_timeout: seconds to reach one address. timeout: seconds from the look-up of the name to the last byte, and
    also the longest wait for a place. max_bytes: of a file; a chain of three certificates has about 3,000.
    ports, allow_http: see `gateway.stir.x5u`. allow_addresses: networks that may be connected to although they are not
    public. max_at_once: downloads at one time. ca_file: PEM of CAs that are believed for https beside the public ones.
    """

    connect_timeout: float = 1.0
    timeout: float = 2.0
    max_bytes: int = 65_536
    ports: tuple[int, ...] = (443, 8443)
    allow_http: bool = False
    allow_addresses: tuple[Network, ...] = ()
    max_at_once: int = 16
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file as it came. content_type: lower case, without parameters, empty if not told. lifetime: seconds for which it
    need not be asked for again."""

    url: str
    body: bytes
    content_type: str
    lifetime: float


class FetchFailed(Exception):
    """A file that could not be had: the reason, and what exactly in kebab-case.

    host_down: whether the host itself failed, not just this file.
    """

    def __init__(self, reason: Reason, detail: str = "", *, host_down: bool = False) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason, self.detail, self.host_down = reason, detail, host_down
