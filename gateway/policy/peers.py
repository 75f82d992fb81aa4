"""Peers: the softswitches and carriers we exchange SIP with, recognised by source address alone.

A peer says where its calls come from, where calls to it go, which headers carry its numbers and how much of
the gateway it may use. `PeerTable` answers the first question about every message: whose is it?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

from gateway.policy.hops import Network, NextHop
from gateway.policy.inbound import ResultClass, Tell, Verification
from gateway.policy.terms import NO_TERMS, Terms
from gateway.stir.tn import NumberPlan

Role = Literal["softswitch", "carrier"]
CallerSource = Literal["From", "P-Asserted-Identity", "Remote-Party-ID", "display"]
CalleeSource = Literal["Request-URI", "To"]

PASS_HEADERS = ("P-Asserted-Identity", "Privacy", "Diversion", "History-Info", "Remote-Party-ID")

# Sources remembered between messages: a flood from invented addresses can cost no more memory than this.
_REMEMBERED_SOURCES = 4096


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Paths of the PEM files one peer's TLS uses: its CA, and our certificate and key towards it."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """One softswitch or carrier.

    `addresses` are the networks its messages come from, `next_hops` where messages to it go, in order of
    preference. `account` is the customer its calls belong to. `pass_headers` are names, or a prefix ending in
    `*`. `max_setups` bounds calls in set-up, `max_cps` new calls a second (0 = no bound), `max_bad_messages`
    unreadable messages a minute. `try_next_after` is the seconds without any provisional answer after which
    the next hop is tried. `verification` says what becomes of a carrier's calls, `tell` what a softswitch hears of it;
    `terms` hold for all calls from it, `owner` is how a rule names it as their owner.
    """

    name: str
    role: Role
    plan: NumberPlan
    addresses: tuple[Network, ...] = ()
    account: str | None = None
    next_hops: tuple[NextHop, ...] = ()
    caller_from: CallerSource = "From"
    callee_from: CalleeSource = "Request-URI"
    pass_headers: tuple[str, ...] = PASS_HEADERS
    refuse_with: int = 603
    emergency: frozenset[str] = frozenset()
    max_setups: int = 200
    max_cps: int = 100
    max_bad_messages: int = 60
    try_next_after: float = 5.0
    tls: TlsFiles | None = None
    verification: Verification = field(default_factory=Verification)
    tell: Tell = field(default_factory=Tell)
    terms: Terms = NO_TERMS
    owner: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "owner", f"peer/{self.name}")

    @property
    def every_next_hop(self) -> tuple[NextHop, ...]:
        """Its own next hops and those for the results of a verification, each once."""
        by_result = (hop for hops in self.tell.next_hops.values() for hop in hops)
        return tuple(dict.fromkeys((*self.next_hops, *by_result)))

    def hearing(self, result: ResultClass) -> Peer:
        """This peer as calls with this result reach it."""
        hops = self.tell.next_hops.get(result)
        return replace(self, next_hops=hops) if hops else self


class PeerTable:
    """Finds the peer a source address belongs to: its exact address first, then the longest prefix."""

    def __init__(self, peers: Iterable[Peer]) -> None:
        self._peers = tuple(peers)
        networks = {network: peer for peer in self._peers for network in peer.addresses}
        self._exact = {
            str(n.network_address): p for n, p in networks.items() if n.prefixlen == n.max_prefixlen
        }
        self._prefixes = sorted(networks.items(), key=lambda item: item[0].prefixlen, reverse=True)
        self._remembered = lru_cache(_REMEMBERED_SOURCES)(self._search)

    def __reduce__(self) -> tuple[type[PeerTable], tuple[tuple[Peer, ...]]]:
        """Made anew where it is unpickled: the sources it remembers are those of one process."""
        return PeerTable, (self._peers,)

    def __iter__(self) -> Iterator[Peer]:
        """Every peer."""
        return iter(self._peers)

    def find(self, source: str) -> Peer | None:
        """The peer of a source address as the socket reports it, or None for a stranger."""
        return self._exact.get(source) or self._remembered(source)

    def _search(self, source: str) -> Peer | None:
        try:
            address = _plain(ip_address(source))
        except ValueError:
            return None
        return next((peer for network, peer in self._prefixes if address in network), None)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address without its scope id, and an IPv4-mapped one (RFC 4291 §2.5.5.2) as the IPv4 it is."""
    if address.version == 4:
        return address
    return address.ipv4_mapped or IPv6Address(int(address))
