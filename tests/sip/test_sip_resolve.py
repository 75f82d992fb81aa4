"""Next hops as addresses: an address is itself, a name what the last look-up found, and nothing once its peer is gone."""

import asyncio

import pytest

from gateway.policy.hops import NextHop
from gateway.policy.peers import Peer
from gateway.sip.resolve import Resolver, is_address
from gateway.sip.values import Hop
from gateway.stir.tn import NumberPlan

LOCAL = NextHop("udp", "localhost", 5080)
PEER = Peer("carrier", "carrier", NumberPlan.of("US"), next_hops=(LOCAL,))


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("192.0.2.1", True),
        ("2001:db8::1", True),
        ("localhost", False),
        ("192.0.2", False),
        ("[::1]", False),
        ("", False),
    ],
)
def test_an_address_is_told_from_a_name(host: str, found: bool) -> None:
    assert is_address(host) is found


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("udp:192.0.2.1", Hop("udp", "192.0.2.1", 5060)),
        ("tls:[2001:db8::1]", Hop("tls", "2001:db8::1", 5061)),
        ("tcp:192.0.2.1:5070", Hop("tcp", "192.0.2.1", 5070)),
    ],
)
def test_an_address_needs_no_look_up(text: str, hop: Hop) -> None:
    resolver = Resolver()
    assert resolver.hops(NextHop.parse(text)) == (hop,)
    assert resolver.name_of(hop.host) == hop.host
    assert resolver.owner_of(hop.host) is None


def test_a_name_leads_nowhere_before_it_is_looked_up() -> None:
    assert Resolver().hops(LOCAL) == ()


def test_a_name_found_is_its_peers_address_under_that_name() -> None:
    resolver = Resolver()
    asyncio.run(resolver.refresh([PEER]))
    hosts = {hop.host for hop in resolver.hops(LOCAL)}
    assert hosts & {"127.0.0.1", "::1"}
    assert all(hop.port == 5080 for hop in resolver.hops(LOCAL))
    assert {resolver.owner_of(host) for host in hosts} == {"carrier"}
    assert {resolver.name_of(host) for host in hosts} == {"localhost"}


def test_an_address_is_nobodys_once_its_name_is_not_asked_for_any_more() -> None:
    """Else who has that address later would be taken for the peer."""
    resolver = Resolver()
    asyncio.run(resolver.refresh([PEER]))
    asyncio.run(resolver.refresh([]))
    assert resolver.owner_of("127.0.0.1") is None
