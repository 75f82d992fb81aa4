"""The operator's whole policy, checked as one thing and compiled into the tables the engine looks things
up in.

`PolicyData` is what was written, entry by entry; `Snapshot` is what was validated. A snapshot never
changes: a new policy is a new snapshot, so a call sees one policy from beginning to end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Literal

from gateway.policy.access import AccountAddresses
from gateway.policy.accounts import Account
from gateway.policy.areas import Area, AreaTable
from gateway.policy.authorisations import Authorisation, AuthorisationTable
from gateway.policy.geofence import AddressRange, AddressRanges
from gateway.policy.hops import Network
from gateway.policy.inbound import RESULT_CLASSES, InboundRules, ResultClass, Treatment
from gateway.policy.lists import ListGroup
from gateway.policy.numbersets import NumberSet
from gateway.policy.parameters import Parameters
from gateway.policy.peers import Peer, PeerTable
from gateway.policy.rates import Rate, RateTables
from gateway.policy.routes import Route, RouteTable
from gateway.policy.sections import NumberSection, SectionTable, overlaps
from gateway.policy.transform import Transform, TransformTable, clashes

NO_POLICY = "none"
"""The revision of a policy that nobody has written."""


class PolicyError(ValueError):
    """A policy that cannot be used; `errors` holds every reason, each one line an operator can act on."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


@dataclass(frozen=True, slots=True)
class PolicyData:
    """The entries of a policy as written; `revision` names this exact content.

    kept: fields of an earlier snapshot that are to be in this one as they are, for what they are made of has not
    changed; their entries are left out here, and were checked then.
    """

    accounts: tuple[Account, ...] = ()
    sections: tuple[NumberSection, ...] = ()
    peers: tuple[Peer, ...] = ()
    routes: tuple[Route, ...] = ()
    areas: tuple[Area, ...] = ()
    transforms: tuple[Transform, ...] = ()
    groups: tuple[ListGroup, ...] = ()
    system_white: NumberSet = field(default_factory=lambda: NumberSet.of(()))
    rates: tuple[Rate, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    address_ranges: tuple[AddressRange, ...] = ()
    parameters: Parameters = field(default_factory=Parameters)
    revision: str = NO_POLICY
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SigningRules:
    """What the node's configuration says about a call that no attestation rule matches."""

    unmatched: Literal["unsigned", "refuse"] = "unsigned"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent policy, ready to be asked; made by `compile_snapshot` alone.

    `inbound_routes` are those a carrier's call may take, to softswitches alone; `targets` the peers of each route,
    `told_targets` the same peers as calls with a result reach them. `treatments` hold one for each carrier. `groups` are
    the numbers of every list group, `group_revisions` say as of when; `listed` those in any group: most calls are of none.
    """

    revision: str
    signing: SigningRules
    peers: PeerTable
    accounts: Mapping[str, Account]
    sections: SectionTable
    routes: RouteTable
    by_name: Mapping[str, Peer]
    targets: Mapping[str, tuple[Peer, ...]]
    inbound_routes: RouteTable
    told_targets: Mapping[tuple[str, ResultClass], tuple[Peer, ...]]
    treatments: Mapping[str, Treatment]
    account_addresses: AccountAddresses
    areas: AreaTable
    transforms: TransformTable
    groups: Mapping[str, NumberSet]
    group_revisions: Mapping[str, int]
    listed: NumberSet
    system_white: NumberSet
    rates: RateTables
    authorisations: AuthorisationTable
    address_ranges: AddressRanges
    parameters: Parameters


def compile_snapshot(
    data: PolicyData, signing: SigningRules | None = None, inbound: InboundRules | None = None
) -> Snapshot:
    """Compile a policy; raises PolicyError with every error at once."""
    errors = tuple(_errors(data))
    if errors:
        raise PolicyError(errors)
    by_name = {peer.name: peer for peer in data.peers}
    targets = {route.name: tuple(by_name[name] for name in route.to) for route in data.routes}
    rules = inbound or InboundRules()
    compiled = Snapshot(
        revision=data.revision,
        signing=signing or SigningRules(),
        peers=PeerTable(data.peers),
        accounts={account.id: account.under(data.parameters) for account in data.accounts},
        sections=SectionTable(data.sections),
        routes=RouteTable(data.routes),
        by_name=by_name,
        targets=targets,
        inbound_routes=RouteTable(route for route in data.routes if _leads_home(targets[route.name])),
        told_targets={
            (name, result): tuple(peer.hearing(result) for peer in peers)
            for name, peers in targets.items()
            for result in RESULT_CLASSES
        },
        treatments={
            peer.name: peer.verification.under(rules) for peer in data.peers if peer.role == "carrier"
        },
        account_addresses=AccountAddresses(data.accounts),
        areas=AreaTable(data.areas),
        transforms=TransformTable(data.transforms),
        groups={group.name: group.numbers for group in data.groups},
        group_revisions={group.name: group.revision for group in data.groups},
        listed=NumberSet.union(group.numbers for group in data.groups if "listed" not in data.kept),
        system_white=data.system_white,
        rates=RateTables(data.rates),
        authorisations=AuthorisationTable(data.authorisations),
        address_ranges=AddressRanges(data.address_ranges),
        parameters=data.parameters,
    )
    return replace(compiled, **data.kept)


def _leads_home(peers: Iterable[Peer]) -> bool:
    """Whether a route is one for a carrier's calls: what comes from outside is not sent outside at our expense."""
    return all(peer.role == "softswitch" for peer in peers)


def _errors(data: PolicyData) -> Iterator[str]:
    return chain(
        _repeated("account", (account.id for account in data.accounts)),
        _repeated("peer", (peer.name for peer in data.peers)),
        _repeated("number-section", (section.name for section in data.sections)),
        _repeated("route", (route.name for route in data.routes)),
        _repeated("area", (area.prefix for area in data.areas)),
        _repeated("list-group", (group.name for group in data.groups)),
        _repeated("authorisation", (letter.name for letter in data.authorisations)),
        _clashing_transforms(data.transforms),
        _repeated("rate", (f"{rate.table} {rate.prefix}" for rate in data.rates)),
        _dangling_accounts(data),
        _dangling_terms(data),
        _dangling_transforms(data),
        _shared_addresses("peer", ((peer.name, peer.addresses) for peer in data.peers)),
        _shared_addresses("account", ((account.id, account.addresses) for account in data.accounts)),
        _overlapping_sections(data.sections),
        _broken_routes(data),
    )


def _repeated(noun: str, names: Iterable[str]) -> Iterator[str]:
    return (
        f"{noun} {name!r} is written {count} times" for name, count in Counter(names).items() if count > 1
    )


def _dangling_accounts(data: PolicyData) -> Iterator[str]:
    known = {*(account.id for account in data.accounts), *data.kept.get("accounts", ())}
    referring = chain(
        (("peer", peer.name, peer.account) for peer in data.peers),
        (("number-section", section.name, section.account) for section in data.sections),
        (("authorisation", letter.name, letter.account) for letter in data.authorisations),
    )
    for noun, name, account in referring:
        if account is not None and account not in known:
            yield f"{noun} {name!r}: account {account!r} does not exist"


def _dangling_terms(data: PolicyData) -> Iterator[str]:
    """Groups and rate tables that the terms of a peer or account name."""
    groups = {group.name for group in data.groups}
    tables = {rate.table for rate in data.rates}
    owners: Iterable[Peer | Account] = (*data.peers, *data.accounts)
    for each in owners:
        noun, _, name = each.owner.partition("/")
        for attached in each.terms.lists:
            if attached.group not in groups:
                yield f"{noun} {name!r}: list group {attached.group!r} does not exist"
        limits = each.terms.limits
        if limits.rates is not None and "rates" not in data.kept and limits.rates not in tables:
            yield f"{noun} {name!r}: rate table {limits.rates!r} has no rates"
        if limits.spend_per_day is not None and limits.rates is None:
            yield f"{noun} {name!r}: spend_per_day needs rates, the table that says what a call costs"


def _dangling_transforms(data: PolicyData) -> Iterator[str]:
    peers = {peer.name for peer in data.peers}
    for rule in data.transforms:
        if rule.peer not in peers:
            yield f"number-transform {rule.original!r}: peer {rule.peer!r} does not exist"


def _clashing_transforms(transforms: Iterable[Transform]) -> Iterator[str]:
    for earlier, later in clashes(transforms):
        yield (
            f"number-transform {later.original!r} of peer {later.peer!r} for the {later.party} matches what "
            f"{earlier.original!r} matches"
        )


def _shared_addresses(noun: str, owners: Iterable[tuple[str, Iterable[Network]]]) -> Iterator[str]:
    taken: dict[Network, str] = {}
    for name, networks in owners:
        for network in networks:
            owner = taken.setdefault(network, name)
            if owner != name:
                yield f"{noun} {name!r}: address {network} already belongs to {noun} {owner!r}"


def _overlapping_sections(sections: Iterable[NumberSection]) -> Iterator[str]:
    for earlier, later in overlaps(sections):
        yield (
            f"number-section {later.name!r} ({later.begin}-{later.end}) "
            f"overlaps {earlier.name!r} ({earlier.begin}-{earlier.end})"
        )


def _broken_routes(data: PolicyData) -> Iterator[str]:
    by_name = {peer.name: peer for peer in data.peers}
    for route in data.routes:
        caller = by_name.get(route.from_peer or "")
        if route.from_peer is not None and caller is None:
            yield f"route {route.name!r}: from_peer {route.from_peer!r} does not exist"
        for name in route.to:
            if name not in by_name:
                yield f"route {route.name!r}: peer {name!r} does not exist"
            elif not by_name[name].next_hops:
                yield f"route {route.name!r}: peer {name!r} has no next_hops"
            elif caller and caller.role == by_name[name].role == "carrier":
                yield f"route {route.name!r}: calls of carrier {caller.name!r} go to softswitches, not to {name!r}"
    keys = Counter((route.from_peer, route.prefix) for route in data.routes)
    for (_, prefix), count in keys.items():
        if count > 1:
            yield f"{count} routes have the prefix {prefix!r} for the same calls"
