"""Where a peer's next hops are, as addresses (RFC 3263): looked up when a policy is loaded and again every minute.

A call never waits for DNS: it uses what the last look-up said, and a look-up that fails changes nothing. A name without
a port is asked for SRV first; names are then resolved by the system (so /etc/hosts counts).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

import dns.asyncresolver
import dns.exception

from gateway import log
from gateway.policy.hops import NextHop
from gateway.policy.peers import Peer
from gateway.sip.values import DEFAULT_PORT, Hop

REFRESH_SECONDS = 60.0
LOOKUP_SECONDS = 3.0
_SRV = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}

_log = log.get("dns")


@lru_cache(4096)
def is_address(host: str) -> bool:
    """Whether a host is written as an address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Resolver:
    """The next hops of every peer, resolved."""

    def __init__(self) -> None:
        self._hops: dict[NextHop, tuple[Hop, ...]] = {}
        self._names: dict[str, tuple[str, str]] = {}  # address → (name, peer)

    def hops(self, next_hop: NextHop) -> tuple[Hop, ...]:
        """The addresses of a next hop, best first; empty while none is known."""
        if next_hop not in self._hops and is_address(next_hop.host):
            self._hops[next_hop] = (
                Hop(next_hop.transport, next_hop.host, next_hop.port or DEFAULT_PORT[next_hop.transport]),
            )
        return self._hops.get(next_hop, ())

    def name_of(self, address: str) -> str:
        """The name an address was found under, for TLS to check; the address itself if it was written so."""
        return self._names.get(address, (address, ""))[0]

    def owner_of(self, address: str) -> str | None:
        """The peer whose next hop was found at this address."""
        found = self._names.get(address)
        return found[1] if found else None

    async def refresh(self, peers: Iterable[Peer]) -> None:
        """Look all names of all peers up again, side by side."""
        wanted = [
            (hop, peer.name) for peer in peers for hop in peer.every_next_hop if not is_address(hop.host)
        ]
        await asyncio.gather(*(self._look_up(hop, peer) for hop, peer in wanted))
        current = {found.host for hop, _ in wanted for found in self._hops.get(hop, ())}
        self._names = {address: whose for address, whose in self._names.items() if address in current}

    async def _look_up(self, next_hop: NextHop, peer: str) -> None:
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                found = await self._found(next_hop)
        except (OSError, TimeoutError, dns.exception.DNSException) as error:
            _log.warning("dns.failed", host=next_hop.host, error=str(error) or type(error).__name__)
            return
        self._hops[next_hop] = tuple(found)
        self._names.update((hop.host, (next_hop.host, peer)) for hop in found)

    async def _found(self, next_hop: NextHop) -> list[Hop]:
        places = [(next_hop.host, next_hop.port or DEFAULT_PORT[next_hop.transport])]
        if next_hop.port is None:
            places = await _services(next_hop) or places
        return [
            Hop(next_hop.transport, address, port)
            for host, port in places
            for address in await _addresses(host)
        ]


async def _services(next_hop: NextHop) -> list[tuple[str, int]]:
    """SRV records by priority, then weight (RFC 2782, without the lottery: order is enough for fail-over)."""
    try:
        answer = await dns.asyncresolver.resolve(
            f"{_SRV[next_hop.transport]}.{next_hop.host}", "SRV", lifetime=LOOKUP_SECONDS / 2
        )
    except (dns.exception.DNSException, OSError):
        return []
    records = sorted(answer, key=lambda record: (record.priority, -record.weight))
    return [(str(record.target).rstrip("."), record.port) for record in records]


async def _addresses(host: str) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
