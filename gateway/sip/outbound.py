"""Between SIP and the decision: what an INVITE says of caller and callee, and what a decision makes of leg B.

This file does no I/O.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.engine import Forward, OutboundCall
from gateway.policy.peers import Peer
from gateway.sip.attempt import Target
from gateway.sip.leg import date, own_address, passing_of
from gateway.sip.message import BadMessage, Message
from gateway.sip.plan import Plan
from gateway.sip.values import name_addr, split_list

_CALLER_HEADERS = {"P-Asserted-Identity": "p-asserted-identity", "Remote-Party-ID": "remote-party-id"}


def read_call(message: Message, peer: Peer) -> OutboundCall:
    """The call as its INVITE states it, numbers from the headers the peer is configured for; raises BadMessage."""
    callee = name_addr(message.get("to")).uri if peer.callee_from == "To" else message.uri
    identity = tuple(value for line in message.all("identity") for value in split_list(line))
    return OutboundCall(peer=peer, caller=_caller(message, peer), callee=callee, identity=identity)


def _caller(message: Message, peer: Peer) -> str:
    """The caller's address; From where the header asked for is missing, as RFC 8224 §8 has it for P-Asserted-Identity."""
    sender = name_addr(message.get("from"))
    if peer.caller_from == "display":
        return sender.display.strip('"') or sender.uri
    header = _CALLER_HEADERS.get(peer.caller_from)
    line = message.get(header) if header else ""
    return name_addr(next(split_list(line))).uri if line else sender.uri


def user_of(address: str) -> str:
    """The user part of a sip: or tel: URI, parameters inside it included: what goes to the next hop."""
    scheme, _, rest = address.partition(":")
    if scheme.lower() == "tel":
        return rest.partition(";")[0]
    user, at, _ = rest.partition("@")
    if not at or not user:
        raise BadMessage("no-callee")
    return user.partition(":")[0]


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
    return Plan(
        caller=own_address(message.get("from")),
        callee=user_of(call.callee),
        targets=[target for peer in decision.targets for target in targets_of(peer)],
        headers=headers,
        passing=passing_of(call.peer.pass_headers),
        signature=_signature(decision.identity),
        probe=probe,
        facts={
            "peer": call.peer.name,
            "account": decision.account,
            "caller": decision.caller.digits if decision.caller else None,
            "callee": decision.callee.digits,
            "rule": decision.rule,
            "reason": decision.reason,
            "route": decision.route,
            "attest": decision.attest,
            "origid": decision.origid,
        },
    )
