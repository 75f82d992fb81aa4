"""The operator's whole policy, checked as one thing and compiled into the tables the engine looks things
up in.

`PolicyData` is what was written, entry by entry; `Snapshot` is what was validated. A snapshot never
changes: a new policy is a new snapshot, so a call sees one policy from beginning to end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from gateway.policy.accounts import Account
from gateway.policy.inbound import RESULT_CLASSES, InboundRules, ResultClass, Treatment
from gateway.policy.peers import Peer, PeerTable
from gateway.policy.routes import Route, RouteTable
from gateway.policy.sections import NumberSection, SectionTable, overlaps


class PolicyError(ValueError):
    """A policy that cannot be used; `errors` holds every reason, each one line an operator can act on."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


@dataclass(frozen=True, slots=True)
class PolicyData:
    """The entries of a policy as written; `revision` names this exact content."""

    accounts: tuple[Account, ...] = ()
    sections: tuple[NumberSection, ...] = ()
    peers: tuple[Peer, ...] = ()
    routes: tuple[Route, ...] = ()
    revision: str = "none"


@dataclass(frozen=True, slots=True)
class SigningRules:
    """What the node's configuration says about a call that no attestation rule matches."""

    unmatched: Literal["unsigned", "refuse"] = "unsigned"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent policy, ready to be asked; made by `compile_snapshot` alone.

    `inbound_routes` are those a carrier's call may take, to softswitches alone; `targets` the peers of each route,
    `told_targets` the same peers as calls with a result reach them. `treatments` hold one for each carrier.
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
    return Snapshot(
        revision=data.revision,
        signing=signing or SigningRules(),
        peers=PeerTable(data.peers),
        accounts={account.id: account for account in data.accounts},
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
    )


def _leads_home(peers: Iterable[Peer]) -> bool:
    """Whether a route is one for a carrier's calls: what comes from outside is not sent outside at our expense."""
    return all(peer.role == "softswitch" for peer in peers)


def _errors(data: PolicyData) -> Iterator[str]:
    return chain(
        _repeated("account", (account.id for account in data.accounts)),
        _repeated("peer", (peer.name for peer in data.peers)),
        _repeated("number-section", (section.name for section in data.sections)),
        _repeated("route", (route.name for route in data.routes)),
        _dangling_accounts(data),
        _shared_addresses(data.peers),
        _overlapping_sections(data.sections),
        _broken_routes(data),
    )


def _repeated(noun: str, names: Iterable[str]) -> Iterator[str]:
    return (
        f"{noun} {name!r} is written {count} times" for name, count in Counter(names).items() if count > 1
    )


def _dangling_accounts(data: PolicyData) -> Iterator[str]:
    known = {account.id for account in data.accounts}
    for peer in data.peers:
        if peer.account is not None and peer.account not in known:
            yield f"peer {peer.name!r}: account {peer.account!r} does not exist"
    for section in data.sections:
        if section.account not in known:
            yield f"number-section {section.name!r}: account {section.account!r} does not exist"


def _shared_addresses(peers: Iterable[Peer]) -> Iterator[str]:
    owners: dict[object, str] = {}
    for peer in peers:
        for network in peer.addresses:
            owner = owners.setdefault(network, peer.name)
            if owner != peer.name:
                yield f"peer {peer.name!r}: address {network} already belongs to peer {owner!r}"


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
