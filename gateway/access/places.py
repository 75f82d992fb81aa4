"""Where somebody asks from, as far as it is counted: who has one address of an IPv6 network has all of its /64."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, ip_network

from gateway.policy.networks import plain_address

_PREFIX = 64
_REMEMBERED = 4_096


@lru_cache(_REMEMBERED)
def place(address: str) -> str:
    """What an address is counted as: IPv4 as it is, mapped into IPv6 or not; of IPv6 the network; other text as it stands."""
    found = plain_address(address)
    if found is None:
        return address
    return str(found) if isinstance(found, IPv4Address) else str(ip_network((found, _PREFIX), strict=False))
