"""Whether an INVITE becomes a call: is it one, may its sender, what does the engine say. A refusal costs nothing to keep but
its own bytes, for the caller that asks again.

A carrier's call whose certificate is still to be fetched becomes a call at once: it hears 100 and waits, and nothing else
waits with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any, Protocol

from cachetools import TTLCache

from gateway import log
from gateway.config import Sip
from gateway.engine import Deliver, Forward, InboundCall, OutboundCall, Refuse
from gateway.metrics import Counters
from gateway.policy.emergency import emergency_number
from gateway.policy.holds import Hold
from gateway.policy.lists import Party
from gateway.policy.peers import Peer
from gateway.sip import inbound, outbound, records
from gateway.sip import refusal as refusal_text
from gateway.sip.call import Call
from gateway.sip.invited import leg_of_caller
from gateway.sip.leg import unsupported
from gateway.sip.message import BadMessage, Message
from gateway.sip.network import Network
from gateway.sip.plan import Plan
from gateway.sip.received import Received
from gateway.sip.screen import Screen
from gateway.sip.table import new_token
from gateway.sip.values import Hop, hop_of, name_addr, tag_of, uri
from gateway.stir.signalled import Signalled
from gateway.stir.verdict import Verdict

REMEMBERED = 32.0  # seconds a refusal is repeated to a repeated INVITE
MOST_REMEMBERED = 20_000
NOWHERE = Hop("udp", "", 0)

_log = log.get("reception")


class PendingVerdict(Protocol):
    """A verdict that waits for certificates."""

    def at_once(self) -> Verdict: ...

    async def verdict(self) -> Verdict: ...


class Decider(Protocol):
    """The engine, with this node's policy, credential, trust and live counters in force."""

    def country(self, source: str) -> str | None:
        """Where an address is at home (ISO 3166), as far as anybody knows."""
        ...

    def meant(self, peer: Peer, party: Party, address: str) -> str:
        """What the peer's number transforms make of an address."""
        ...

    def began(self, hold: Hold | None) -> None:
        """A call that was accepted holds a place from now on."""
        ...

    def outbound(self, call: OutboundCall) -> Refuse | Forward: ...

    def verify(self, headers: Sequence[str], call: Signalled, call_id: str) -> Verdict | PendingVerdict: ...

    def inbound(self, call: InboundCall, verdict: Verdict) -> Refuse | Deliver: ...


@dataclass(frozen=True, slots=True)
class Invitation:
    """An INVITE that may become a call: whose it is, where it came from, and our inner address."""

    received: Received
    source: Hop
    peer: Peer
    edge: tuple[str, int]

    @property
    def message(self) -> Message:
        return self.received.message


class Reception:
    """Where new calls come in. `resume` is told of a call whose decision came late."""

    def __init__(
        self,
        sip: Sip,
        network: Network,
        decider: Decider,
        counters: Counters,
        log_call: Callable[[dict[str, Any]], None],
    ) -> None:
        self.screen = Screen()
        self.draining = False
        self.resume: Callable[[Call], None]
        self._sip, self._network, self._decider = sip, network, decider
        self._counters, self._log_call = counters, log_call
        self._refused: TTLCache[tuple[str, str], bytes] = TTLCache(MOST_REMEMBERED, REMEMBERED)
        self._waiting: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._loop = asyncio.get_running_loop()

    def invited(
        self, received: Received, source: Hop, peer: Peer, edge: tuple[str, int], behind: bool
    ) -> Call | None:
        """An INVITE that belongs to no call yet: a new one, or None if it was refused.

        `edge` is our inner address; `behind` says that this node cannot keep up: a call refused now costs a tenth of one
        taken, and those that are up do not suffer. Raises BadMessage for what is not an INVITE anybody could answer otherwise.
        """
        message = received.message
        if known := self._refused.get((received.branch, message.first["call-id"])):
            self._network.send(received.reply_to, known)
            return None
        problem = unacceptable(message)
        _dialog_made_by(message)
        if problem:
            self._refuse(received, source, peer, Refuse(problem[0], "", problem[1]))
        elif self.draining:
            self._refuse(received, source, peer, Refuse(503, "", "node.draining"))
        elif behind:
            self._refuse(received, source, peer, Refuse(503, "", "node.overloaded"))
        elif limit := self.screen.admit(peer, self._loop.time()):
            self._refuse(received, source, peer, Refuse(503, "", limit))
        else:
            return self._admitted(Invitation(received, source, peer, edge))
        return None

    def _admitted(self, asked: Invitation) -> Call | None:
        """Decide a call that counts as in set-up; if it does not become one, it counts no more."""
        call = None
        try:
            call = self._decided(asked) if asked.peer.role == "softswitch" else self._judged(asked)
        finally:
            if call is None:
                self.screen.concluded(asked.peer.name)
        return call

    # From a softswitch

    def _decided(self, asked: Invitation) -> Call | None:
        source = asked.source.host
        wanted = outbound.read_call(asked.message, asked.peer, source, self._decider.country(source))
        decision = self._decider.outbound(wanted)
        self._count(asked.peer, decision)
        if isinstance(decision, Refuse):
            self._refuse(asked.received, asked.source, asked.peer, decision)
            return None
        made = outbound.plan(
            asked.message, wanted, decision, time(), self._sip.probe_after, self._network.targets
        )
        return self._taken(asked, made)

    # From a carrier

    def _judged(self, asked: Invitation) -> Call | None:
        message, peer, source = asked.message, asked.peer, asked.source.host
        wanted = inbound.read_inbound(message, peer, source, self._decider.country(source))
        said = inbound.signalled_of(message, peer, partial(self._decider.meant, peer))
        found = self._decider.verify(inbound.identities(message), said, _call_id(message))
        if not isinstance(found, Verdict):
            if not emergency_number(wanted.callee, peer):
                return self._wait(asked, wanted, found)
            found = found.at_once()
        outcome = self._outcome(asked, wanted, found)
        if isinstance(outcome, Refuse):
            self._refuse(asked.received, asked.source, peer, outcome, inbound.facts(found))
            return None
        return self._taken(asked, outcome)

    def _outcome(self, asked: Invitation, wanted: InboundCall, verdict: Verdict) -> Refuse | Plan:
        """What becomes of a call with this verdict."""
        self._counters.inc("verifications", asked.peer.name, verdict.reason.value)
        decision = self._decider.inbound(wanted, verdict)
        self._count(asked.peer, decision)
        if isinstance(decision, Refuse):
            return decision
        return inbound.plan(asked.message, wanted, decision, self._sip.probe_after, self._network.targets)

    def _wait(self, asked: Invitation, wanted: InboundCall, pending: PendingVerdict) -> Call:
        """The call hears 100 and is decided when its certificates are there, or its budget is spent."""
        call = self._call(asked)
        task = self._loop.create_task(self._decide_late(call, asked, wanted, pending))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
        return call

    async def _decide_late(
        self, call: Call, asked: Invitation, wanted: InboundCall, pending: PendingVerdict
    ) -> None:
        try:
            verdict = await pending.verdict()
            # Many may have waited for one host: between two of them, others have their turn.
            async with self._turn:
                await asyncio.sleep(0)
            if not call.given_up:
                self._conclude(call, self._outcome(asked, wanted, verdict), inbound.facts(verdict))
        except Exception:  # whatever it is, the caller must not wait for ever
            _log.exception("call.not-decided", peer=asked.peer.name)
            call.end("node.fault")
        self.resume(call)

    def _conclude(self, call: Call, outcome: Refuse | Plan, facts: dict[str, Any]) -> None:
        if not isinstance(outcome, Refuse) and outcome.targets:
            call.proceed(outcome)
            self._decider.began(outcome.hold)
            return
        refusal = outcome if isinstance(outcome, Refuse) else NO_ADDRESS
        said = {**facts, **records.parties(refusal.parties), "rule": refusal.rule}
        call.refuse(refusal.code, refusal.phrase, refusal_text.reasons(refusal), said)

    # Either way

    def _taken(self, asked: Invitation, made: Plan) -> Call | None:
        if not made.targets:
            self._refuse(asked.received, asked.source, asked.peer, NO_ADDRESS)
            return None
        call = self._call(asked)
        call.proceed(made)
        self._decider.began(made.hold)
        return call

    def _call(self, asked: Invitation) -> Call:
        """A call that has heard 100."""
        token = new_token()
        leg = leg_of_caller(token, asked.received, self._network.local(asked.source))
        call = Call(token, asked.received, leg, asked.peer.name, asked.edge)
        call.record |= records.invited(asked.message, asked.peer, asked.source.host)
        call.start()
        return call

    def _count(self, peer: Peer, decision: Refuse | Forward | Deliver) -> None:
        """By the kind of rule: a series for every number section would be too many."""
        attest = None if isinstance(decision, Refuse) else decision.attest
        self._counters.inc("decisions", peer.name, attest or "", decision.rule.partition(":")[0])

    def _refuse(
        self,
        received: Received,
        source: Hop,
        peer: Peer,
        refusal: Refuse,
        facts: dict[str, Any] | None = None,
    ) -> None:
        """A final answer before anything was allocated; a repeated INVITE gets the same again (RFC 3261 §8.2.7)."""
        data = received.answer(
            refusal.code, refusal_text.lines(refusal), phrase=refusal.phrase, tag=new_token()
        )
        self._refused[received.branch, received.message.first["call-id"]] = data
        self._network.send(received.reply_to, data)
        self._counters.inc("calls", peer.name, str(refusal.code))
        self._log_call(
            {
                "call": new_token(),
                "at": time(),
                **records.invited(received.message, peer, source.host),
                **(facts or {}),
                **records.parties(refusal.parties),
                "rule": refusal.rule,
                "code": refusal.code,
            }
        )


NO_ADDRESS = Refuse(503, "", "route.no-address")


def _call_id(message: Message) -> str:
    """What retransmissions, forks and spirals of one call share (RFC 3261 §8.1.1.4, §19.3)."""
    return f"{message.first['call-id']} {tag_of(message.first['from'])}"


def unacceptable(message: Message) -> tuple[int, str] | None:
    """Why a request is not for us, whoever sends it: code and rule (RFC 3261 §8.2, §16.3)."""
    hops = message.get("max-forwards")
    if hops and not (hops.isascii() and hops.isdigit() and len(hops) <= 3 and int(hops) <= 255):
        raise BadMessage("bad-max-forwards")
    scheme = message.uri.partition(":")[0].lower()
    if scheme in ("sip", "sips"):
        uri(message.uri)
    elif scheme != "tel":
        return 416, "uri-scheme"
    if hops and int(hops) == 0 and message.method == "INVITE":
        return 483, "max-forwards"
    unknown = unsupported(message)
    return (420, f"unsupported.{', '.join(unknown)}") if unknown else None


def _dialog_made_by(message: Message) -> None:
    """An INVITE must bring what a dialog is made of (RFC 3261 §12.1.1)."""
    if not tag_of(message.first["from"]):
        raise BadMessage("no-from-tag")
    name_addr(message.first["to"])
    try:
        hop_of(name_addr(message.get("contact")).uri, NOWHERE)
    except BadMessage:
        raise BadMessage("bad-contact") from None
