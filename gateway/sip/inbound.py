"""Between SIP and the decision about a carrier's call: what its INVITE says, and what a decision makes of the INVITE to the
softswitch.

The number that is judged is the number that is delivered: both are read by `gateway.sip.address`, and an address that
cannot be read is neither judged nor passed on. P-Asserted-Identity and Remote-Party-ID are written anew, never copied;
Identity and Date end here. Only an address that holds the verified number is told to be verified: where From names
somebody else than P-Asserted-Identity, it is passed on as it is. This file does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gateway.engine import Deliver, InboundCall
from gateway.policy.inbound import Tell
from gateway.policy.lists import Party
from gateway.policy.peers import Peer
from gateway.sip import address, records
from gateway.sip.address import ANONYMOUS, Address
from gateway.sip.attempt import Target
from gateway.sip.leg import OWN_HOST, passing_of
from gateway.sip.message import BadMessage, Message
from gateway.sip.outbound import called_user
from gateway.sip.plan import Plan
from gateway.sip.values import name_addr, split_list
from gateway.stir import identity
from gateway.stir.signalled import Signalled, number_of, signalled
from gateway.stir.tn import NumberPlan
from gateway.stir.verdict import Verdict

_REWRITTEN = frozenset({"p-asserted-identity", "remote-party-id"})
_PARAMETER = re.compile(r";[ \t]*([a-z0-9._-]+)[ \t]*=[ \t]*([a-z0-9._-]+)[ \t]*(?=;|\Z)")
_LOGGED = 200
"""Characters of a stranger's text that a log line takes."""


def read_inbound(message: Message, peer: Peer, source: str = "", country: str | None = None) -> InboundCall:
    """The call as its INVITE states it, the caller as RFC 8224 §8 and ATIS-1000074 have it; raises BadMessage.

    source: the address it came from; country: where that is at home.
    """
    callee = name_addr(message.get("to")).uri if peer.callee_from == "To" else message.uri
    callers = [each.uri for each in _asserted(message) if number_of(each.uri, peer.plan)]
    caller = callers[0] if callers else _uri(message.get("from"))
    return InboundCall(peer, caller, callee, source, country)


def _as_written(_party: Party, address: str) -> str:
    return address


def signalled_of(message: Message, peer: Peer, meant: Callable[[Party, str], str] = _as_written) -> Signalled:
    """Who calls whom by the signalling, for comparing with what a token says.

    meant: what the peer's number transforms make of an address.
    """
    return signalled(
        [meant("caller", each.uri) for each in _asserted(message)],
        meant("caller", _uri(message.get("from"))),
        meant("callee", _uri(message.get("to"))),
        meant("callee", message.uri),
        peer.plan,
    )


def identities(message: Message) -> list[str]:
    """Every Identity value, in order."""
    return identity.split_all(message.all("identity"))


def facts(verdict: Verdict) -> dict[str, Any]:
    """What the log shall say of a verdict."""
    decisive = verdict.decisive
    said = {
        "reason": verdict.reason.value,
        "verstat": verdict.verstat,
        "fault": verdict.fault,
        "attest": verdict.attest,
        "origid": verdict.origid,
    }
    if decisive:
        said |= {
            "detail": decisive.detail[:_LOGGED],
            "x5u": (decisive.x5u or "")[:_LOGGED],
            "spc": decisive.spc,
        }
    return {name: value for name, value in said.items() if value}


def plan(
    message: Message,
    call: InboundCall,
    decision: Deliver,
    probe: float,
    targets_of: Callable[[Peer], list[Target]],
) -> Plan:
    """What the decision means in SIP. The softswitches of a route are told as the first of them wants it."""
    sender, headers = _retold(message, call.peer, decision)
    return Plan(
        caller=str(sender.at(OWN_HOST)),
        callee=called_user(call, decision),
        targets=[target for peer in decision.targets for target in targets_of(peer)],
        headers=headers,
        passing=passing_of(call.peer.pass_headers, _REWRITTEN),
        probe=probe,
        upstream=list(decision.upstream),
        hold=decision.hold,
        facts={
            "direction": "inbound",
            "peer": call.peer.name,
            **records.parties(decision.parties),
            "caller": decision.caller.digits if decision.caller else None,
            "callee": decision.callee.digits,
            "rule": decision.rule,
            "action": decision.action,
            "route": decision.route,
            **facts(decision.verdict),
        },
    )


def _retold(message: Message, peer: Peer, decision: Deliver) -> tuple[Address, list[str]]:
    """The caller's addresses as the softswitch is to read them: that of From, and the header lines for all others."""
    passing = passing_of(peer.pass_headers)
    asserted = _asserted(message) if passing.takes("p-asserted-identity") else []
    received = [*asserted, _read(message.get("from")) or ANONYMOUS]
    sent = decision.parties
    if sent and sent.caller_sent is not None:
        received = [each.renumbered(sent.caller_dialled, sent.caller_sent) for each in received]
    trusted = peer.verification.trust_verstat and decision.result in (None, "none")
    teller = _Teller(
        decision, decision.targets[0].tell, peer.plan, trusted and any(each.has_verstat for each in received)
    )
    told = [teller.marked(each) for each in received]
    bearer, own = teller.bearer_among(received), []
    if bearer is not None:
        stamped = teller.stamped(told[bearer])
        if teller.tell.remote_party_id:
            own = [_remote_party(stamped, decision, _is_withheld(message))]
        if teller.tell.verstat:
            told[bearer] = stamped
    if not own and passing.takes("remote-party-id"):
        own = [f"Remote-Party-ID: {value}" for value in _received_remote_parties(message, teller)]
    *asserted, sender = told
    return sender, [*(f"P-Asserted-Identity: {each}" for each in asserted), *own]


@dataclass(frozen=True, slots=True)
class _Teller:
    """How one decision is written on addresses; `kept` says that a verstat the carrier has set stands."""

    decision: Deliver
    tell: Tell
    plan: NumberPlan
    kept: bool

    def bearer_among(self, received: list[Address]) -> int | None:
        """Which address the verdict speaks of: the first with the caller's number; to tell of a failure, any will do."""
        if self.decision.result is None:
            return None
        found = (number for number, each in enumerate(received) if self._is_caller(each))
        return next(found, None if self.decision.verdict.passed else 0)

    def _is_caller(self, each: Address) -> bool:
        caller = self.decision.caller
        return caller is not None and number_of(each.uri, self.plan) == caller.digits

    def bare(self, each: Address) -> Address:
        """Without what a stranger says of itself."""
        return each if self.kept else each.without_verstat()

    def marked(self, each: Address) -> Address:
        """With what stands before name and number for this result; nothing that passed is said of another number."""
        bare, result = self.bare(each), self.decision.result
        if result is None or (self.decision.verdict.passed and not self._is_caller(each)):
            return bare
        prefix = self.tell.display.get(result, "").encode().decode("latin-1")  # as messages hold text
        return bare.named(prefix).prefixed(self.tell.number_prefix.get(result, ""))

    def stamped(self, each: Address) -> Address:
        """With the verstat, and no other."""
        verstat = self.decision.verstat
        return each if verstat is None or self.kept else each.with_verstat(verstat)


def _remote_party(shown: Address, decision: Deliver, withheld: bool) -> str:
    screen, privacy = "yes" if decision.verdict.passed else "no", "full" if withheld else "off"
    return f"Remote-Party-ID: {shown};party=calling;screen={screen};privacy={privacy}"


def _received_remote_parties(message: Message, teller: _Teller) -> Iterator[str]:
    """Those that came, with what goes for the caller's number; another party's is left as it is."""
    for value in _values(message, "remote-party-id"):
        if found := _read(value):
            parameters = _parameters(value)
            calling = parameters.get("party", "calling") == "calling"
            shown = teller.marked(found) if calling else teller.bare(found)
            yield ";".join((str(shown), *(f"{name}={said}" for name, said in parameters.items())))


def _asserted(message: Message) -> list[Address]:
    """Every P-Asserted-Identity that can be read."""
    return [found for value in _values(message, "p-asserted-identity") if (found := _read(value))]


def _uri(value: str) -> str:
    """The URI of an address, empty where it cannot be read: then it holds no number."""
    found = _read(value)
    return found.uri if found else ""


@lru_cache(64)
def _read(value: str) -> Address | None:
    """One address, None where it cannot be read; each is asked for by every step of a call."""
    try:
        return address.read(value)
    except BadMessage:
        return None


def _values(message: Message, header: str) -> Iterator[str]:
    return (value for line in message.all(header) for value in split_list(line))


def _is_withheld(message: Message) -> bool:
    """Whether the caller's number is not to be shown (RFC 3323 §4.2; a Remote-Party-ID said so for itself)."""
    wishes = [wish.strip().lower() for line in message.all("privacy") for wish in line.split(";")]
    wishes += [_parameters(value).get("privacy", "") for value in _values(message, "remote-party-id")]
    return any(wish not in ("", "none", "off") for wish in wishes)


def _parameters(value: str) -> dict[str, str]:
    """What stands behind an address as name=token, names and values in lower case; anything else is left out."""
    return {
        name: said
        for name, said in _PARAMETER.findall(value[value.rfind(">") + 1 :].lower())
        if name != "verstat"
    }
