"""The addresses of a host that a stranger named: the hosts file first, then DNS.

Nothing here takes a thread, as `getaddrinfo` would: a name whose servers never answer costs a socket until its asker
gives up, and a thousand such names delay nobody. Search domains are not tried: a URL's host is a full name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import dns.asyncresolver
import dns.exception
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA

HOSTS = Path("/etc/hosts")

RESOLUTION_DELAY = 0.05
"""Seconds that the answer for the other family is waited for once one has come (RFC 8305 §3)."""

SERVER_SECONDS = 0.5
"""For one name server, before the next is asked: the first may be the one that is down."""


def system_resolver() -> dns.asyncresolver.Resolver:
    """What /etc/resolv.conf says now; raises DNSException where it says nothing."""
    resolver = dns.asyncresolver.Resolver()
    resolver.timeout = SERVER_SECONDS
    return resolver


class Names:
    """Finds hosts' addresses; both sources are read anew each time, so that a change of either counts at once."""

    def __init__(
        self, hosts: Path = HOSTS, resolver: Callable[[], dns.asyncresolver.Resolver] = system_resolver
    ) -> None:
        self._hosts, self._resolver = hosts, resolver

    async def addresses(self, host: str) -> list[str]:
        """The addresses of a host (a name, or an address itself), IPv4 first; empty if none was found.

        May take as long as DNS takes: the caller sets the limit.
        """
        if _is_address(host):
            return [host]
        return list(self._in_hosts_file(host)) or await self._in_dns(host)

    def _in_hosts_file(self, host: str) -> Iterator[str]:
        try:
            lines = self._hosts.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return
        for line in lines:
            address, *names = line.partition("#")[0].lower().split() or [""]
            if host.lower() in names and _is_address(address):
                yield address

    async def _in_dns(self, host: str) -> list[str]:
        """Both families at once; a server that is silent about one does not hold up the other."""
        asked = [asyncio.ensure_future(self._ask(host, family)) for family in ("A", "AAAA")]
        try:
            done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            found_one = any(each.result() for each in done)
            await asyncio.wait(asked, timeout=RESOLUTION_DELAY if found_one else None)
            return [address for each in asked if each.done() for address in each.result()]
        finally:
            for each in asked:
                each.cancel()

    async def _ask(self, host: str, family: str) -> list[str]:
        try:
            answer = await self._resolver().resolve(f"{host}.", family, raise_on_no_answer=False)
        except dns.exception.DNSException:
            return []
        return [
            each.address for each in answer if isinstance(each, dns.rdtypes.IN.A.A | dns.rdtypes.IN.AAAA.AAAA)
        ]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
