"""Hosts become addresses: hosts file, then DNS, here a name server on loopback that is partly silent."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from gateway.trust.names import Names

HOSTS = """
127.0.0.1   localhost
192.0.2.7   Certs.Example.Test certs   # certs-old.example.test
2001:db8::7 certs.example.test
not-an-address broken.example.test
"""

ZONE = {
    ("both.test.", "A"): "192.0.2.1",
    ("both.test.", "AAAA"): "2001:db8::1",
    ("four.test.", "A"): "192.0.2.2",
    ("six.test.", "AAAA"): "2001:db8::2",
    ("half.test.", "A"): "192.0.2.3",
}
SILENT = {("half.test.", "AAAA"), ("hang.test.", "A"), ("hang.test.", "AAAA")}


class NameServer(asyncio.DatagramProtocol):
    """Answers what the zone holds, says so where it holds nothing, and is silent where it should be."""

    def __init__(self) -> None:
        self.unanswered: asyncio.Queue[str] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name, kind = str(query.question[0].name), dns.rdatatype.to_text(query.question[0].rdtype)
        if (name, kind) in SILENT:
            self.unanswered.put_nowait(name)
            return
        response = dns.message.make_response(query)
        if value := ZONE.get((name, kind)):
            response.answer.append(dns.rrset.from_text(name, 60, "IN", kind, value))
        elif not any(known == name for known, _ in ZONE):
            response.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(response.to_wire(), source)


@asynccontextmanager
async def names(hosts: Path) -> AsyncIterator[tuple[Names, NameServer]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0), family=socket.AF_INET
    )
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
    yield Names(hosts, lambda: resolver), server
    transport.close()


def found(host: str, hosts: Path) -> list[str]:
    async def ask() -> list[str]:
        async with names(hosts) as (each, _):
            return await each.addresses(host)

    return asyncio.run(ask())


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    path = tmp_path / "hosts"
    path.write_text(HOSTS)
    return path


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        pytest.param("nobody.test", [], id="no such name"),
        pytest.param("broken.example.test", [], id="a line of the hosts file that holds no address"),
        pytest.param("certs-old.example.test", [], id="a name in a comment"),
        pytest.param("192.0.2.99", ["192.0.2.99"], id="an address is itself"),
        pytest.param("2001:db8::99", ["2001:db8::99"], id="an IPv6 address too"),
        pytest.param("certs.example.test", ["192.0.2.7", "2001:db8::7"], id="hosts file, any case"),
        pytest.param("both.test", ["192.0.2.1", "2001:db8::1"], id="IPv4 first"),
        pytest.param("four.test", ["192.0.2.2"], id="IPv4 alone"),
        pytest.param("six.test", ["2001:db8::2"], id="IPv6 alone"),
        pytest.param("half.test", ["192.0.2.3"], id="a server that is silent about IPv6"),
    ],
)
def test_a_host_is_found_where_it_is_written(host: str, addresses: list[str], hosts: Path) -> None:
    assert found(host, hosts) == addresses


def test_a_missing_hosts_file_leaves_dns(tmp_path: Path) -> None:
    assert found("four.test", tmp_path / "none") == ["192.0.2.2"]


def test_a_node_without_name_server_finds_nothing_and_says_no_more(hosts: Path) -> None:
    def unconfigured() -> dns.asyncresolver.Resolver:
        raise dns.resolver.NoResolverConfiguration

    assert asyncio.run(Names(hosts, unconfigured).addresses("four.test")) == []


def test_a_thousand_names_that_hang_delay_no_other(hosts: Path) -> None:
    async def scene() -> None:
        async with names(hosts) as (each, server):
            hanging: list[asyncio.Future[list[str]]] = []
            while len(hanging) < 1000:  # so many at a time as the server's socket has room for
                hanging += [asyncio.ensure_future(each.addresses("hang.test")) for _ in range(50)]
                for _ in range(100):  # two families
                    await server.unanswered.get()
            assert await each.addresses("four.test") == ["192.0.2.2"]
            assert not any(one.done() for one in hanging)
            for one in hanging:
                one.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)

    asyncio.run(scene())
