"""Access: which account a call is of, and whether that account may call from where it calls.

A peer's own account comes first; the calls of a peer without one are of the account whose networks hold the source
address. An address that is bound to several accounts says nothing about which of them calls, so it is of none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from gateway.policy.accounts import Account
from gateway.policy.columns import Repeated
from gateway.policy.hops import Network
from gateway.policy.networks import REMEMBERED, NetworkTable, order, plain_address
from gateway.policy.parameters import Parameters
from gateway.policy.peers import Peer


class AccountAddresses:
    """Finds the account an address is bound to, by the longest prefix; pickles out of band.

    What it found is remembered, as "" where there is no account: most calls come from where others came from.
    """

    __slots__ = ("_accounts", "_found", "_networks")

    def __init__(self, accounts: Iterable[Account]) -> None:
        """The networks of these accounts; a disabled one keeps its own, lest its calls become another's."""
        bound: defaultdict[Network, set[str]] = defaultdict(set)
        for account in accounts:
            for network in account.addresses:
                bound[network].add(account.id)
        networks = sorted(bound, key=order)
        self._networks = NetworkTable.of(networks)
        self._accounts = Repeated.of([_only(bound[network]) for network in networks])
        self._found: dict[str, str] = {}

    def find(self, address: str) -> str | None:
        """The id of the account, or None: nobody's address, that of several accounts, or no address at all."""
        found = self._found.get(address)
        if found is None:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            found = self._found[address] = self._search(address)
        return found or None

    def _search(self, address: str) -> str:
        place = next(self._networks.search(address), None)
        return "" if place is None else self._accounts[place]


def account_of(peer: Peer, source: str, accounts_by_address: AccountAddresses) -> str | None:
    """The id of the account that a call from this peer and source address is of, or None."""
    return peer.account or accounts_by_address.find(source)


def refusal(account: Account, source: str, parameters: Parameters) -> str | None:
    """The rule by which an account may not call from the source address, or None (SS_ACCESS_IP_CHECK)."""
    if not parameters.access_ip_check or not account.addresses:
        return None
    address = plain_address(source)
    if address is not None and any(address in network for network in account.addresses):
        return None
    return f"access.address:{account.owner}"


def _only(accounts: set[str]) -> str:
    """The one account, "" where there are several."""
    return next(iter(accounts)) if len(accounts) == 1 else ""
