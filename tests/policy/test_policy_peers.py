"""A source belongs to the peer with its exact address, else to the longest network, else to nobody."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.peers import Peer, PeerTable
from gateway.stir.tn import NumberPlan


def peer(name: str, *addresses: str) -> Peer:
    networks = tuple(ip_network(address) for address in addresses)
    return Peer(name, "softswitch", NumberPlan.of("US"), addresses=networks)


TABLE = PeerTable(
    [
        peer("exact", "192.0.2.1", "2001:db8::1"),
        peer("narrow", "192.0.2.0/28"),
        peer("wide", "192.0.2.0/24", "2001:db8::/32"),
    ]
)


@pytest.mark.parametrize(
    "source", ["198.51.100.1", "2001:db9::1", "", "not-an-address", "192.0.2", "0x7f000001"]
)
def test_a_stranger_is_nobody(source: str) -> None:
    assert TABLE.find(source) is None


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("192.0.2.1", "exact"),
        ("192.0.2.2", "narrow"),
        ("192.0.2.200", "wide"),
        ("2001:db8::1", "exact"),
        ("2001:0DB8:0::0001", "exact"),
        ("2001:db8::2%eth0", "wide"),
        ("::ffff:192.0.2.1", "exact"),
    ],
)
def test_the_most_exact_network_wins(source: str, name: str) -> None:
    found = TABLE.find(source)
    assert found is not None
    assert found.name == name


def test_a_flood_of_strangers_is_not_remembered_without_bound() -> None:
    table = PeerTable([peer("known", "192.0.2.1")])
    for number in range(10_000):
        table.find(str(ip_address(0x0A000000 + number)))
    assert table._remembered.cache_info().currsize <= 4096
    assert table.find("192.0.2.1") is not None


@given(st.ip_addresses())
def test_asking_twice_answers_the_same(address: object) -> None:
    assert TABLE.find(str(address)) is TABLE.find(str(address))
