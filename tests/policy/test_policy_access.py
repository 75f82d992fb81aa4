"""Which account a call is of, by peer or address, and whether it may call from there."""

import pickle
from ipaddress import ip_network

import pytest

from gateway.policy.access import AccountAddresses, account_of, refusal
from gateway.policy.accounts import Account
from gateway.policy.parameters import Parameters
from gateway.policy.peers import Peer
from gateway.stir.numberplan import NumberPlan


def account(name: str, *addresses: str, enabled: bool = True) -> Account:
    return Account(name, name.title(), enabled=enabled, addresses=tuple(map(ip_network, addresses)))


def peer(account: str | None = None) -> Peer:
    return Peer("vos3000", "softswitch", NumberPlan.of("US"), account=account)


ADDRESSES = AccountAddresses(
    [
        account("acme", "192.0.2.0/24", "2001:db8::/32"),
        account("branch", "192.0.2.128/25"),
        account("left", "192.0.2.130"),
        account("right", "192.0.2.130"),
        account("gone", "192.0.2.140", enabled=False),
        account("nowhere"),
    ]
)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("198.51.100.1", None, id="a-strangers"),
        pytest.param("not an address", None, id="no-address"),
        pytest.param("", None, id="nothing"),
        pytest.param("192.0.2.130", None, id="bound-to-two-accounts"),
        pytest.param("192.0.2.1", "acme", id="in-a-subnet"),
        pytest.param("192.0.2.129", "branch", id="in-the-inner-subnet"),
        pytest.param("::ffff:192.0.2.1", "acme", id="mapped"),
        pytest.param("2001:db8::1", "acme", id="v6"),
        pytest.param("192.0.2.140", "gone", id="of-a-disabled-account"),
    ],
)
def test_an_address_is_of_the_account_it_is_bound_to(source: str, found: str | None) -> None:
    assert ADDRESSES.find(source) == found


def test_the_addresses_come_back_from_their_pickle() -> None:
    again: AccountAddresses = pickle.loads(pickle.dumps(ADDRESSES, protocol=5))
    assert again.find("192.0.2.129") == "branch"


def test_the_account_of_the_peer_comes_before_that_of_the_address() -> None:
    assert account_of(peer("wholesale"), "192.0.2.1", ADDRESSES) == "wholesale"


def test_calls_of_a_peer_without_account_are_of_the_account_of_the_address() -> None:
    assert account_of(peer(), "192.0.2.1", ADDRESSES) == "acme"
    assert account_of(peer(), "198.51.100.1", ADDRESSES) is None


CHECKED, UNCHECKED = Parameters(access_ip_check=True), Parameters()
BOUND, UNBOUND = account("acme", "192.0.2.0/24", "2001:db8::1"), account("acme")


@pytest.mark.parametrize("source", ["198.51.100.1", "2001:db8::2", "not an address", ""])
def test_ss_access_ip_check_holds_an_account_to_its_addresses(source: str) -> None:
    assert refusal(BOUND, source, CHECKED) == "access.address:account/acme"


@pytest.mark.parametrize(
    ("account", "source", "parameters"),
    [
        pytest.param(BOUND, "198.51.100.1", UNCHECKED, id="check-is-off"),
        pytest.param(UNBOUND, "198.51.100.1", CHECKED, id="bound-to-nothing"),
        pytest.param(BOUND, "192.0.2.77", CHECKED, id="in-its-subnet"),
        pytest.param(BOUND, "2001:db8::1", CHECKED, id="its-v6-address"),
        pytest.param(BOUND, "::ffff:192.0.2.77", CHECKED, id="mapped"),
    ],
)
def test_an_account_calls_from_where_it_may(account: Account, source: str, parameters: Parameters) -> None:
    assert refusal(account, source, parameters) is None
