"""Networks: which of many address ranges an address lies in, the most specific first.

An address is a number of 128 bits, an IPv4 one as the IPv6 address it is mapped to (RFC 4291 §2.5.5.2), so that one
table holds both. CIDR networks are nested or apart, never crossing: one bisection finds the innermost, and each
knows the one around it. This file does no I/O.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from gateway.policy.columns import Column
from gateway.policy.hops import Network

_BITS = 128
_LOW = 2**64 - 1
_MAPPED = 0xFFFF << 32
_MAPPED_LENGTH = 96

REMEMBERED = 16_384
"""Sources remembered between messages: a flood from invented addresses can cost no more memory than this."""


@lru_cache(REMEMBERED)
def plain_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address a text says, without scope id, an IPv4-mapped one as the IPv4 it is; None if it says none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def _number(text: str) -> int | None:
    address = plain_address(text)
    if address is None:
        return None
    return int(address) | _MAPPED if address.version == 4 else int(address)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkTable:
    """Networks in the order of their first addresses, a wider one before those in it; made by `of`.

    `high` and `low` are the halves of the first addresses, `lengths` those of the prefixes, `around` the places of the
    networks each lies in, counted from 1, 0 being none. Pickles out of band.
    """

    high: Column
    low: Column
    lengths: Column
    around: Column
    _found: dict[str, tuple[int, ...]] = field(default_factory=dict, init=False)

    @classmethod
    def of(cls, networks: Iterable[Network]) -> NetworkTable:
        """A table of networks that are already sorted by `order`; they may repeat."""
        spans = [order(network) for network in networks]
        return cls(
            high=Column.of(start >> 64 for start, _ in spans),
            low=Column.of(start & _LOW for start, _ in spans),
            lengths=Column.of((length for _, length in spans), "I"),
            around=Column.of(_enclosing(spans), "I"),
        )

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, place: int) -> Network:
        start, length = self._start(place), self.lengths[place]
        if length >= _MAPPED_LENGTH and start >> 32 == 0xFFFF:
            return IPv4Network((start ^ _MAPPED, length - _MAPPED_LENGTH))
        return IPv6Network((start, length))

    def holding(self, address: str) -> tuple[int, ...]:
        """The places of all networks that hold the address, the most specific first; none for what is no address."""
        found = self._found.get(address)
        if found is None:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            found = self._found[address] = tuple(self.search(address))
        return found

    def search(self, address: str) -> Iterator[int]:
        """As `holding`, for who remembers what he found."""
        number = _number(address)
        if number is None:
            return
        place = self._last_from(number)
        while place >= 0:
            if self._holds(place, number):
                yield place
            place = self.around[place] - 1

    def _last_from(self, number: int) -> int:
        """The last network that begins at this address or before; -1 if there is none."""
        high, low = number >> 64, number & _LOW
        first = bisect_left(self.high.view, high)
        last = bisect_right(self.high.view, high, first)
        return bisect_right(self.low.view, low, first, last) - 1

    def _holds(self, place: int, number: int) -> bool:
        length = self.lengths[place]
        if (self._start(place) ^ number) >> (_BITS - length):
            return False
        return length >= _MAPPED_LENGTH or number >> 32 != 0xFFFF  # ::/0 holds no IPv4

    def _start(self, place: int) -> int:
        return self.high[place] << 64 | self.low[place]


def order(network: Network) -> tuple[int, int]:
    """Where a network stands in a table: its first address and its prefix length, among those of 128 bits."""
    first = int(network.network_address)
    return (
        (first, network.prefixlen)
        if network.version == 6
        else (first | _MAPPED, network.prefixlen + _MAPPED_LENGTH)
    )


def _enclosing(spans: Iterable[tuple[int, int]]) -> Iterator[int]:
    """For each network the one around it, counted from 1; 0 if there is none."""
    open_ones: list[tuple[int, int, int]] = []
    for number, (start, length) in enumerate(spans, 1):
        while open_ones and (open_ones[-1][1] ^ start) >> (_BITS - open_ones[-1][2]):
            open_ones.pop()
        yield open_ones[-1][0] if open_ones else 0
        open_ones.append((number, start, length))
