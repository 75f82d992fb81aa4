"""The innermost network that holds an address comes first, and IPv4 is no part of IPv6."""

import pickle
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.hops import Network
from gateway.policy.networks import NetworkTable, order, plain_address


def table(*texts: str) -> NetworkTable:
    return NetworkTable.of(sorted(map(ip_network, texts), key=order))


TABLE = table(
    "192.0.2.0/24",
    "192.0.2.128/25",
    "192.0.2.200/32",
    "192.0.2.0/24",
    "198.51.100.0/24",
    "2001:db8::/32",
    "::/0",
)


def holding(address: str) -> list[str]:
    return [str(TABLE[place]) for place in TABLE.holding(address)]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.0/24",
        "example.com",
        "192.0.2.1\0",
        "203.0.113.1",
        "192.0.1.255",
        "0.0.0.0",
    ],
)
def test_what_is_no_address_or_a_strangers_is_in_no_network(address: str) -> None:
    assert holding(address) == []


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        pytest.param("192.0.2.1", ["192.0.2.0/24"] * 2, id="repeated"),
        pytest.param("192.0.2.129", ["192.0.2.128/25", *["192.0.2.0/24"] * 2], id="nested"),
        pytest.param(
            "192.0.2.200", ["192.0.2.200/32", "192.0.2.128/25", *["192.0.2.0/24"] * 2], id="one-address"
        ),
        pytest.param("192.0.2.255", ["192.0.2.128/25", *["192.0.2.0/24"] * 2], id="last-address"),
        pytest.param("::ffff:198.51.100.7", ["198.51.100.0/24"], id="mapped"),
        pytest.param("2001:db8::1", ["2001:db8::/32", "::/0"], id="v6"),
        pytest.param("2001:db8::1%eth0", ["2001:db8::/32", "::/0"], id="v6-with-scope"),
        pytest.param("fe80::1", ["::/0"], id="v6-in-all-of-v6"),
    ],
)
def test_an_address_is_in_its_networks_the_innermost_first(address: str, networks: list[str]) -> None:
    assert holding(address) == networks


def test_an_empty_table_holds_nothing() -> None:
    assert list(table().holding("192.0.2.1")) == []


def test_a_table_comes_back_from_its_pickle_with_its_memory_outside() -> None:
    buffers: list[pickle.PickleBuffer] = []
    kept = pickle.dumps(TABLE, protocol=5, buffer_callback=buffers.append)
    again = pickle.loads(kept, buffers=buffers)
    assert [again[place] for place in again.holding("192.0.2.129")] == [
        TABLE[place] for place in TABLE.holding("192.0.2.129")
    ]
    assert len(buffers) == 4


@pytest.mark.parametrize(
    ("text", "plain"),
    [("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8:0::1%7", "2001:db8::1"), ("192.0.2.1", "192.0.2.1")],
)
def test_an_address_is_plain_without_scope_and_mapping(text: str, plain: str) -> None:
    assert plain_address(text) == ip_address(plain)


def v4(number: int, length: int) -> Network:
    return IPv4Network((number, length), strict=False)


def v6(number: int, length: int) -> Network:
    return IPv6Network((number << 64 | number, length), strict=False)


# Few distinct addresses, so that networks nest and repeat.
NUMBERS = st.integers(0, 15).map(lambda n: n << 28 | n)
NETWORKS = st.builds(v4, NUMBERS, st.integers(0, 32)) | st.builds(v6, NUMBERS, st.integers(0, 128))


@given(st.lists(NETWORKS, max_size=12), NETWORKS)
def test_the_table_agrees_with_looking_at_every_network(networks: list[Network], near: Network) -> None:
    found = NetworkTable.of(sorted(networks, key=order))
    address = near.network_address
    theirs = sorted((each for each in networks if address in each), key=lambda each: -each.prefixlen)
    assert [found[place] for place in found.holding(str(address))] == theirs
