"""Which addresses may be connected to on a stranger's word."""

from ipaddress import ip_address, ip_network

import pytest

from gateway.trust.addresses import allowed, is_public

NOT_PUBLIC = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1"),
    *(
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
    ),
    *(
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
    ),
    *("64:ff9b:1::a00:1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1"),
    *("2001:db8::1", "2002:7f00:1::", "2002:808:808::", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1"),
    *("fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "4000::1"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "198.17.255.255"),
    *("198.20.0.0", "223.255.255.255", "2001:4860:4860::8888", "2600::1", "2a00:1450::1", "2001:200::1"),
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_of_the_internet_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_ordinary_address_is_let_through(address: str) -> None:
    assert is_public(ip_address(address))


def test_of_several_addresses_the_good_ones_are_kept_in_order_and_once() -> None:
    found = ["10.0.0.1", "8.8.8.8", "::1", "2600::1", "8.8.8.8"]
    assert allowed(found, ()) == [ip_address("8.8.8.8"), ip_address("2600::1")]


@pytest.mark.parametrize(
    ("address", "good"),
    [
        pytest.param("127.0.0.1", True, id="inside"),
        pytest.param("127.1.0.1", False, id="outside"),
        pytest.param("::ffff:127.0.0.1", False, id="the same written as IPv6"),
        pytest.param("8.8.8.8", True, id="public ones stay allowed"),
    ],
)
def test_a_lab_allows_the_network_it_names(address: str, good: bool) -> None:
    assert bool(allowed([address], (ip_network("127.0.0.0/16"),))) is good
