"""Between SIP and the decision: what an INVITE says of caller and callee, and what a decision makes of leg B.

This file does no I/O.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator

from gateway.engine import Deliver, Forward, InboundCall, OutboundCall, Parties
from gateway.policy.peers import Peer
from gateway.policy.territory import region
from gateway.sip import address, records
from gateway.sip.address import Address
from gateway.sip.attempt import Target
from gateway.sip.leg import OWN_HOST, date, own_address, passing_of
from gateway.sip.message import BadMessage, Message
from gateway.sip.plan import Plan
from gateway.sip.values import name_addr, split_list
from gateway.stir.signalled import number_of

_PORTABILITY = re.compile(r";(rn|npdi)(?:=(\+?[0-9.()-]+))?(?=;|\Z)")
_CALLER_HEADERS = {"P-Asserted-Identity": "p-asserted-identity", "Remote-Party-ID": "remote-party-id"}


def read_call(message: Message, peer: Peer, source: str = "", country: str | None = None) -> OutboundCall:
    """The call as its INVITE states it, numbers from the headers the peer is configured for; raises BadMessage.

    source: the address it came from; country: where that is at home.
    """
    callee = name_addr(message.get("to")).uri if peer.callee_from == "To" else message.uri
    identity = tuple(value for line in message.all("identity") for value in split_list(line) if value)
    return OutboundCall(peer, _caller(message, peer), callee, identity, source, country)


def _caller(message: Message, peer: Peer) -> str:
    """The caller's address; From where the header asked for is missing, as RFC 8224 §8 has it for P-Asserted-Identity."""
    sender = name_addr(message.get("from"))
    if peer.caller_from == "display":
        return sender.display.strip('"') or sender.uri
    header = _CALLER_HEADERS.get(peer.caller_from)
    line = message.get(header) if header else ""
    return name_addr(next(split_list(line))).uri if line else sender.uri


def called_user(call: OutboundCall | InboundCall, decision: Forward | Deliver) -> str:
    """The user part that goes to the next hop: the number that was judged, as a transform made it or as it was dialled.

    In full where it took more than the number itself to read it: alone, "2425550100;phone-context=+44" is another number.
    """
    sent, judged = decision.parties, decision.callee.digits
    if sent and sent.callee_sent is not None:
        return sent.callee_sent
    user = user_of(call.callee)
    if user == f"+{judged}" or number_of(user, call.peer.plan) == judged:
        return user if sent and sent.emergency else f"{user}{_ported(call, judged)}"
    return judged if sent and sent.emergency else f"+{judged}"


def _ported(call: OutboundCall | InboundCall, judged: str) -> str:
    """What a number portability query has found out (RFC 4694), as far as it leads to the country of the number itself."""
    dialled = call.callee.partition("@")[0]
    if ";" not in dialled:
        return ""
    found = dict(_PORTABILITY.findall(dialled.lower()))
    routing = number_of(found.get("rn", ""), call.peer.plan)
    if "rn" in found and (routing is None or region(routing) != region(judged)):
        return ""
    return "".join(f";{name}{'=' * bool(value)}{value}" for name, value in found.items())


def user_of(address: str) -> str:
    """The number or name in a sip: or tel: URI, without the blanks that no URI can hold.

    Without its parameters, which could lead the call where nobody judged it; see `_ported`.
    """
    scheme, _, rest = address.partition(":")
    user, at, _ = rest.partition("@")
    if scheme.lower() == "tel":
        user = rest
    elif not at or not user:
        raise BadMessage("no-callee")
    return "".join(user.partition(":")[0].partition(";")[0].split())


def _signature(identity: str | None) -> str:
    """The last part of the token in an Identity value of ours: its name in what a verifier says of it."""
    return (identity or "").partition(";")[0].rpartition(".")[2]


def plan(
    message: Message,
    call: OutboundCall,
    decision: Forward,
    now: float,
    probe: float,
    targets_of: Callable[[Peer], list[Target]],
) -> Plan:
    """What the decision means in SIP."""
    headers = [f"Identity: {decision.identity}", date(int(now))] if decision.identity else []
    if call.identity:
        headers = [f"Identity: {value}" for value in call.identity]
        headers += [f"Date: {value}" for value in message.all("date")[:1]]
    sent = decision.parties
    caller, rewritten = own_address(message.get("from")), frozenset[str]()
    if sent and sent.caller_sent is not None:
        caller, rewritten = str(_renumbered(message.get("from"), sent).at(OWN_HOST)), REWRITTEN
        headers += _renumbered_lines(message, call.peer, sent)
    return Plan(
        caller=caller,
        callee=called_user(call, decision),
        targets=[target for peer in decision.targets for target in targets_of(peer)],
        headers=headers,
        passing=passing_of(call.peer.pass_headers, rewritten),
        signature=_signature(decision.identity),
        probe=probe,
        hold=decision.hold,
        facts={
            "direction": "outbound",
            "peer": call.peer.name,
            **records.parties(sent),
            "caller": decision.caller.digits if decision.caller else None,
            "callee": decision.callee.digits,
            "rule": decision.rule,
            "reason": decision.reason,
            "route": decision.route,
            "attest": decision.attest,
            "origid": decision.origid,
            "iat": decision.iat,
        },
    )


REWRITTEN = frozenset({"p-asserted-identity", "remote-party-id"})
"""The headers that are written anew where a number transform changed the caller."""


def _renumbered(value: str, sent: Parties) -> Address:
    """An address value, with the number a transform made where it holds the one that was dialled; raises BadMessage."""
    return address.read(value).renumbered(sent.caller_dialled, sent.caller_sent or "")


def _renumbered_lines(message: Message, peer: Peer, sent: Parties) -> Iterator[str]:
    """P-Asserted-Identity and Remote-Party-ID, as far as the peer has them passed on; what cannot be read is not."""
    passing = passing_of(peer.pass_headers)
    for name, spelling in (
        ("p-asserted-identity", "P-Asserted-Identity"),
        ("remote-party-id", "Remote-Party-ID"),
    ):
        values = (value for line in message.all(name) for value in split_list(line) if passing.takes(name))
        for value in values:
            with contextlib.suppress(BadMessage):
                yield f"{spelling}: {_renumbered(value, sent)}{name_addr(value).parameters}"
