"""A gateway without its doors, for tests of the policy: one softswitch, one account, one carrier, a clock and the counters.

What nobody changes lets every call pass, so that a case states only what it changes. `peer` and `account` write an
entry, terms among its other fields; `policy` compiles what they are part of; an `Exchange` places calls under it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import ip_network
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.engine import (
    Common,
    Deliver,
    Explanation,
    Forward,
    InboundCall,
    OutboundCall,
    Refuse,
    decide_inbound,
    decide_outbound,
    explain_inbound,
    explain_outbound,
)
from gateway.ledger import Ledger
from gateway.policy.accounts import Account
from gateway.policy.blocks import Block
from gateway.policy.hops import NextHop
from gateway.policy.lists import ListGroup
from gateway.policy.numbersets import NumberSet
from gateway.policy.parameters import Parameters
from gateway.policy.peers import Peer
from gateway.policy.routes import Route
from gateway.policy.sections import NumberSection
from gateway.policy.snapshot import PolicyData, SigningRules, Snapshot, compile_snapshot
from gateway.policy.terms import Terms
from gateway.stir.passport import Signer
from gateway.stir.reasons import Reason
from gateway.stir.tn import NumberPlan
from gateway.stir.verdict import HeaderVerdict, Verdict

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z, a Friday
ORIGID = "7a1f2a9e-0d0b-4d5e-9c55-0c4c2d1f7b10"
X5U = "https://certificates.example.com/616H.pem"

OWNED = "12155550100"
"""A number of the account's."""
CALLEE = "14045550123"
SOURCE = "192.0.2.10"
"""Where the softswitch calls from, as the carrier does from `CARRIER_SOURCE`."""
CARRIER_SOURCE = "198.51.100.10"

PASSED = Verdict(Reason.PASSED, (HeaderVerdict(Reason.PASSED, attest="A", orig=OWNED),))

_SIGNER = Signer(ec.generate_private_key(ec.SECP256R1()), X5U)
_Entry = TypeVar("_Entry", Peer, Account)
_TERMS = frozenset(each.name for each in fields(Terms))


@dataclass(frozen=True, slots=True)
class Lent:
    """A credential that can always sign."""

    x5u: str = X5U
    signer: Signer = _SIGNER

    def usable(self, now: float) -> str | None:
        return None


def peer(name: str = "vos3000", **changes: Any) -> Peer:
    """The softswitch, "vos3000", or the "carrier", changed; lists, permits, fence and limits are its terms."""
    return _changed(_PEERS[name], changes)


def account(id: str = "acme", **changes: Any) -> Account:
    """An account, changed as a peer is."""
    return _changed(Account(id, id.title()), changes)


def _changed(entry: _Entry, changes: Mapping[str, Any]) -> _Entry:
    terms = {name: value for name, value in changes.items() if name in _TERMS}
    others = {name: value for name, value in changes.items() if name not in _TERMS}
    return replace(entry, terms=Terms(**terms), **others)


def _peer(name: str, role: Any, source: str, account: str | None) -> Peer:
    hop = NextHop("udp", source, 5060)
    return Peer(name, role, NumberPlan.of("US"), (ip_network(source),), account, next_hops=(hop,))


_PEERS = {
    "vos3000": _peer("vos3000", "softswitch", SOURCE, "acme"),
    "carrier": _peer("carrier", "carrier", CARRIER_SOURCE, None),
}
ROUTES = (Route("", ("carrier",), "out", from_peer="vos3000"), Route("", ("vos3000",), "home", "carrier"))
SECTIONS = (NumberSection("12155550100", "12155550199", "acme", "philadelphia"),)


def policy(
    *entries: Peer | Account,
    groups: Mapping[str, Iterable[str]] | None = None,
    white: Iterable[str] = (),
    parameters: Mapping[str, object] | None = None,
    unmatched: Any = "unsigned",
    **data: Any,
) -> Snapshot:
    """The policy with these peers and accounts in the place of those of the same name, or beside them.

    groups: the numbers of each list group. white: the System White List. parameters: by their public names.
    """
    peers = _PEERS | {each.name: each for each in entries if isinstance(each, Peer)}
    accounts = {"acme": account()} | {each.id: each for each in entries if isinstance(each, Account)}
    written = PolicyData(
        accounts=tuple(accounts.values()),
        peers=tuple(peers.values()),
        groups=tuple(ListGroup(name, "", NumberSet.of(held)) for name, held in (groups or {}).items()),
        system_white=NumberSet.of(white),
        parameters=Parameters.of(parameters or {}),
        **({"routes": ROUTES, "sections": SECTIONS} | data),
    )
    return compile_snapshot(written, SigningRules(unmatched))


class Exchange:
    """Calls under one policy. `told` are the blocks that the counters brought about; `now` may be set forward."""

    def __init__(
        self, snapshot: Snapshot, blocks: Iterable[Block] = (), credential: Lent | None = Lent()
    ) -> None:
        self.snapshot, self.credential, self.now = snapshot, credential, NOW
        self.told: list[Block] = []
        self.ledger = Ledger(lambda: self.snapshot, lambda: self.now, self.told.append)
        self.usage = self.ledger.usage
        self.ledger.learn((), blocks)

    def decide(self, caller: str = OWNED, callee: str = CALLEE, **said: Any) -> Refuse | Forward:
        """A call from the softswitch; nothing is counted."""
        call = self._asked(caller, callee, **said)
        return decide_outbound(call, self.snapshot, Common(self.credential), self.now, ORIGID, self.usage)

    def explain(self, caller: str = OWNED, callee: str = CALLEE, **said: Any) -> Explanation:
        """The same, check by check."""
        call = self._asked(caller, callee, **said)
        return explain_outbound(call, self.snapshot, Common(self.credential), self.usage, self.now, ORIGID)

    def decide_inbound(
        self, caller: str = OWNED, callee: str = CALLEE, verdict: Verdict = PASSED, **said: Any
    ) -> Refuse | Deliver:
        """A call from the carrier, its Identity verified; nothing is counted."""
        call = self._brought(caller, callee, **said)
        return decide_inbound(call, verdict, self.snapshot, self.now, self.usage)

    def explain_inbound(self, caller: str = OWNED, callee: str = CALLEE, **said: Any) -> Explanation:
        """The same, check by check."""
        call = self._brought(caller, callee, **said)
        return explain_inbound(call, PASSED, self.snapshot, self.usage, self.now)

    def refusal(self, caller: str = OWNED, callee: str = CALLEE, **said: Any) -> str | None:
        """The rule that refuses a call from the softswitch, None if it goes on; nothing is counted."""
        decided = self.decide(caller, callee, **said)
        return decided.rule if isinstance(decided, Refuse) else None

    def forwarded(self, caller: str = OWNED, callee: str = CALLEE, **said: Any) -> Forward:
        """A call from the softswitch that goes on; nothing is counted."""
        decided = self.decide(caller, callee, **said)
        assert isinstance(decided, Forward), decided.rule
        return decided

    def place(self, caller: str = OWNED, callee: str = CALLEE, **said: Any) -> Refuse | Forward:
        """A call from the softswitch, counted as an edge counts it."""
        decided = self.decide(caller, callee, **said)
        self.ledger.decided(decided)
        if isinstance(decided, Forward):
            self.ledger.began(decided.hold)
        return decided

    def end(self, call: Refuse | Forward, code: int = 200, lasted: float = 0.0) -> None:
        """A placed call is over, with this final answer; one that was answered has `lasted` seconds until now."""
        assert isinstance(call, Forward), call.rule
        answered_at = self.now - lasted if code < 300 else None
        self.ledger.ended(call.hold, {"code": code}, answered_at)

    def _asked(
        self,
        caller: str,
        callee: str,
        source: str = SOURCE,
        country: str | None = None,
        identity: tuple[str, ...] = (),
    ) -> OutboundCall:
        return OutboundCall(self.snapshot.by_name["vos3000"], caller, callee, identity, source, country)

    def _brought(
        self, caller: str, callee: str, source: str = CARRIER_SOURCE, country: str | None = None
    ) -> InboundCall:
        return InboundCall(self.snapshot.by_name["carrier"], caller, callee, source, country)
