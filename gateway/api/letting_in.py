"""Puts the door together: who is let in to this sidecar, by the configuration, the policy in force and the roster."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address

from gateway.access.doorkeeper import Access
from gateway.access.lockout import Lockout
from gateway.access.login import LogIn
from gateway.access.passwords import Hasher
from gateway.access.people import People
from gateway.api.sidecar import InForce, Sidecar
from gateway.config import Config
from gateway.roster import Roster
from gateway.store.errors import StoreGone

Network = IPv4Network | IPv6Network


def let_in(
    sidecar: Sidecar, config: Config, in_force: InForce, roster: Roster, hasher: Hasher | None = None
) -> Sidecar:
    """A sidecar that knows whom the roster, the configuration and the policy know."""
    rules = config.access.rules
    known = stir_addresses(config.api.stir_addresses, in_force)
    access = Access(rules, roster.current, known, config.api.client_subjects)
    log_in = LogIn(roster.current, Lockout(rules), _spender(sidecar), hasher)
    people = People(roster.current, access.sessions, log_in, roster.look)
    return replace(sidecar, access=access, people=people)


def stir_addresses(networks: Iterable[Network], in_force: InForce) -> Callable[[str], bool]:
    """Whether an address may have calls signed and verified: it is listed, or that of a peer."""
    listed = tuple(networks)

    def is_known(address: str) -> bool:
        if in_force.snapshot().peers.find(address) is not None:
            return True
        try:
            found = ip_address(address)
        except ValueError:  # a socket without one
            return False
        return any(found in network for network in listed)

    return is_known


def _spender(sidecar: Sidecar) -> Callable[[str, int], bool]:
    """Notes used codes in the database; while that is away this process alone remembers them."""

    def spend(user: str, step: int) -> bool:
        try:
            return sidecar.access_store().spend_totp_step(user, step)
        except StoreGone:
            return True

    return spend
