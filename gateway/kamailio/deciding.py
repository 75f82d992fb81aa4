"""An INVITE becomes a decision, and a decision what Kamailio does: the same in every process of Kamailio's.

`Engine` is what wiring gives: the policy, trust and readings that are in force here. Nothing is counted here and nobody is
told; whoever asked passes `Decided` on to the clerk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from gateway.engine import Deliver, Forward, InboundCall, OutboundCall, Parties, Refuse
from gateway.kamailio.line import Told
from gateway.kamailio.steps import Answer, Onward, onward, redirect
from gateway.policy.emergency import emergency_number
from gateway.policy.holds import Hold
from gateway.policy.lists import Party
from gateway.policy.peers import Peer
from gateway.sip import answers, inbound, outbound, records, refusal
from gateway.sip.attempt import Target
from gateway.sip.leg import Local
from gateway.sip.message import BadMessage, Message, parse
from gateway.sip.plan import Plan
from gateway.sip.values import Hop, tag_of
from gateway.stir.signalled import Signalled
from gateway.stir.verdict import Verdict


class PendingVerdict(Protocol):
    """A verdict that waits for certificates."""

    def at_once(self) -> Verdict: ...

    async def verdict(self) -> Verdict: ...


class Engine(Protocol):
    """What is in force in one process."""

    def peer_of(self, source: str) -> Peer | None: ...

    def country(self, source: str) -> str | None: ...

    def meant(self, peer: Peer, party: Party, address: str) -> str: ...

    def admit(self, peer: Peer) -> str | None:
        """The rule by which a peer's own bounds forbid one more call, or None."""
        ...

    def outbound(self, call: OutboundCall) -> Refuse | Forward: ...

    def verify(self, headers: Sequence[str], call: Signalled, call_id: str) -> Verdict | PendingVerdict: ...

    def inbound(self, call: InboundCall, verdict: Verdict) -> Refuse | Deliver: ...


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of a call. record: as the log has it; parties, refused_by, hold: what there is to count."""

    token: str
    steps: Onward | Answer
    record: dict[str, Any]
    parties: Parties | None = None
    refused_by: str | None = None
    hold: Hold | None = None

    @property
    def goes_on(self) -> bool:
        return isinstance(self.steps, Onward)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A carrier's call whose certificate is not at hand."""

    asked: Asked
    wanted: InboundCall
    pending: PendingVerdict


@dataclass(frozen=True, slots=True)
class Asked:
    """An INVITE that came at `at` (epoch seconds) from an address; `token` is our name of the call."""

    token: str
    message: Message
    source: str
    peer: Peer
    at: float


@dataclass(frozen=True, slots=True)
class Ourselves:
    """How this node presents itself. redirected: peers whose calls are answered with where to go instead of carried."""

    local: Local
    redirected: frozenset[str] = frozenset()


class Deciding:
    """Decides calls with one process's engine."""

    def __init__(self, engine: Engine, ourselves: Ourselves) -> None:
        self._engine, self._ourselves = engine, ourselves

    def decide(self, data: bytes, source: str, token: str, at: float) -> Decided | Waiting | None:
        """What becomes of an INVITE; None of a stranger's. BadMessage is answered 400 here."""
        peer = self._engine.peer_of(source)
        if peer is None:
            return None
        try:
            asked = Asked(token, parse(data), source, peer, at)
        except BadMessage as bad:
            return Decided(token, Answer(400, bad.reason, ()), _unread(token, peer, source, bad, at))
        try:
            return self._admitted(asked)
        except BadMessage as bad:
            return self._refused(asked, Refuse(400, bad.reason, f"message.{bad.reason}"))

    def _admitted(self, asked: Asked) -> Decided | Waiting:
        limit = self._engine.admit(asked.peer)
        if limit:
            return self._refused(asked, Refuse(503, "Service Unavailable", limit))
        return self._sent(asked) if asked.peer.role == "softswitch" else self._brought(asked)

    def _sent(self, asked: Asked) -> Decided:
        """A call from a softswitch."""
        peer, source, message = asked.peer, asked.source, asked.message
        wanted = outbound.read_call(message, peer, source, self._engine.country(source))
        decision = self._engine.outbound(wanted)
        if isinstance(decision, Refuse):
            return self._refused(asked, decision)
        made = outbound.plan(message, wanted, decision, asked.at, 0.0, self._targets)
        return self._planned(asked, made, decision)

    def _brought(self, asked: Asked) -> Decided | Waiting:
        """A call from a carrier."""
        peer, source, message = asked.peer, asked.source, asked.message
        wanted = inbound.read_inbound(message, peer, source, self._engine.country(source))
        said = inbound.signalled_of(message, peer, partial(self._engine.meant, peer))
        call_id = f"{message.first['call-id']} {tag_of(message.first['from'])}"
        found = self._engine.verify(inbound.identities(message), said, call_id)
        if isinstance(found, Verdict):
            return self.judged(asked, wanted, found)
        if emergency_number(wanted.callee, peer):
            return self.judged(asked, wanted, found.at_once())
        return Waiting(asked, wanted, found)

    def judged(self, asked: Asked, wanted: InboundCall, verdict: Verdict) -> Decided:
        """What becomes of a carrier's call with this verdict."""
        decision = self._engine.inbound(wanted, verdict)
        if isinstance(decision, Refuse):
            return self._refused(asked, decision, inbound.facts(verdict))
        made = inbound.plan(asked.message, wanted, decision, 0.0, self._targets)
        return self._planned(asked, made, decision)

    def _planned(self, asked: Asked, made: Plan, decision: Forward | Deliver) -> Decided:
        steps = onward(asked.message, made, self._ourselves.local.host)
        record = {**_invited(asked), **made.facts}
        if asked.peer.name not in self._ourselves.redirected:
            return Decided(asked.token, steps, record, decision.parties, None, made.hold)
        answer = redirect(steps)
        return Decided(asked.token, answer, {**record, "code": answer.code}, decision.parties)

    def _refused(self, asked: Asked, decision: Refuse, facts: dict[str, Any] | None = None) -> Decided:
        answer = Answer(
            decision.code, decision.phrase or answers.phrase(decision.code), tuple(refusal.lines(decision))
        )
        record = {
            **_invited(asked),
            **(facts or {}),
            **records.parties(decision.parties),
            "rule": decision.rule,
            "code": decision.code,
        }
        return Decided(asked.token, answer, record, decision.parties, decision.rule)

    def _targets(self, peer: Peer) -> list[Target]:
        """A peer itself: where it is, the steps say."""
        return [Target(peer, Hop("", "", 0), self._ourselves.local)]


def told(found: Decided) -> Told:
    """What the clerk is to know of a decision."""
    peers = tuple(hop.peer for hop in found.steps.hops) if isinstance(found.steps, Onward) else ()
    return Told(found.token, found.record, found.parties, found.refused_by, found.hold, peers)


def fault(token: str, at: float) -> Decided:
    """What becomes of a call that a mistake of ours has spoilt."""
    refused = Refuse(503, "Service Unavailable", "node.fault")
    answer = Answer(refused.code, refused.phrase, tuple(refusal.lines(refused)))
    return Decided(token, answer, {"at": at, "rule": refused.rule, "code": refused.code})


def _invited(asked: Asked) -> dict[str, Any]:
    return {"at": asked.at, **records.invited(asked.message, asked.peer, asked.source)}


def _unread(token: str, peer: Peer, source: str, bad: BadMessage, at: float) -> dict[str, Any]:
    return {"at": at, "peer": peer.name, "source": source, "rule": f"message.{bad.reason}", "code": 400}
