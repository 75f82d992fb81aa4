"""Which addresses may be connected to on a stranger's word: public ones and no others.

A URL in a token is chosen by whoever sent the call; it must not make this node speak to its own networks. The tables
follow the IANA special-purpose registries (RFC 6890). This file does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address

from gateway.trust.values import Address, Network

_NOT_PUBLIC = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this host, unspecified
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; clouds serve credentials there
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""RFC 4291 §2.4. Outside are loopback, unspecified, unique-local, link-local, multicast, IPv4-mapped (::ffff:0:0/96) and
NAT64 (64:ff9b::/96, 64:ff9b:1::/48)."""

_NOT_PUBLIC_6 = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments: Teredo (2001::/32), benchmarks (2001:2::/48), ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address inside
        "3fff::/20",  # documentation
    )
)


def allowed(found: Iterable[str], exceptions: tuple[Network, ...]) -> list[Address]:
    """Those of the addresses found that may be connected to, in their order.

    exceptions: networks allowed although they are not public.
    """
    addresses = map(ip_address, dict.fromkeys(found))
    return [each for each in addresses if is_public(each) or any(each in network for network in exceptions)]


def is_public(address: Address) -> bool:
    """Whether it is an ordinary address of the Internet."""
    if address.version == 4:
        return not any(address in network for network in _NOT_PUBLIC)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _NOT_PUBLIC_6)
