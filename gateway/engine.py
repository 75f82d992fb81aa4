"""The decision: a call comes in, and is refused, or goes on. This file does no I/O.

`OUTBOUND` and `INBOUND` are the orders of checks, which an operator may rely on. Each outcome names the rule that made
it, in stable kebab-case; what stands behind a ":" in it is whose rule it was. A policy's refusal has the peer's
`refuse_with` code, so that VOS3000 stops; what only this node cannot do has 503, so that VOS3000 tries its next gateway;
a verification's refusal of a carrier's call has the code of RFC 8224 §6.2.2.

An emergency call goes through the checks marked `always` alone, and none of those refuses it but for want of a route.
"""

from __future__ import annotations

from gateway.checking import Check, Explanation, explained, refused
from gateway.decision import Deliver, Forward, Parties, Refuse
from gateway.inbound import Inbound, InboundCall
from gateway.number_policy import as_written
from gateway.outbound import Common, Credential, Credentials, Judgement, Outbound, OutboundCall
from gateway.policy.lists import Party
from gateway.policy.peers import Peer
from gateway.policy.snapshot import Snapshot
from gateway.policy.usage import Reading, Usage
from gateway.stir.verdict import Verdict

__all__ = [
    "Common", "Credential", "Credentials", "Deliver", "Explanation", "Forward", "InboundCall", "Judgement", "OutboundCall",
    "Parties", "Refuse", "decide_inbound", "decide_outbound", "decide_signing", "explain_inbound", "explain_outbound",
    "meant_by",
]  # fmt: skip

OUTBOUND: tuple[Check[Outbound], ...] = (
    Check("source peer", Outbound.source, ("peer", "address"), always=True),
    Check("transforms", Outbound.transform, ("caller", "callee"), always=True),
    Check("emergency", Outbound.recognise_emergency, ("callee",), always=True),
    Check("address", Outbound.addresses, ("address",)),
    Check("account and lock", Outbound.access, ("account", "address")),
    Check("caller and callee", Outbound.shape, ("caller", "callee")),
    Check("System White List", Outbound.white_list, ("caller", "callee")),
    Check("dynamic black list", Outbound.dynamic_list, ("caller", "callee")),
    Check("black and white groups", Outbound.groups, ("lists",)),
    Check("prefixes", Outbound.prefixes, ("caller", "callee")),
    Check("geofence", Outbound.fence, ("country", "countries", "areas")),
    Check("limits", Outbound.limits, ("usage",)),
    Check("attestation", Outbound.attest, ("caller", "account"), always=True),
    Check("certificate", Outbound.certificate, ("certificate",), always=True),
    Check("route", Outbound.find_route, ("callee",), always=True),
    Check("sign", Outbound.sign, (), always=True),
)
"""Of a call from a softswitch; the door found its peer by the source address, a stranger never gets here."""

INBOUND: tuple[Check[Inbound], ...] = (
    Check("source peer", Inbound.source, ("peer", "address"), always=True),
    Check("verification", Inbound.show_verdict, ("verdict",), always=True),
    Check("transforms", Inbound.transform, ("caller", "callee"), always=True),
    Check("emergency", Inbound.recognise_emergency, ("callee",), always=True),
    Check("address", Inbound.addresses, ("address",)),
    Check("action", Inbound.act, ("verdict",)),
    Check("caller and callee", Inbound.shape, ("caller", "callee")),
    Check("System White List", Inbound.white_list, ("caller", "callee")),
    Check("dynamic black list", Inbound.dynamic_list, ("caller", "callee")),
    Check("black and white groups", Inbound.groups, ("lists",)),
    Check("prefixes", Inbound.prefixes, ("caller", "callee")),
    Check("geofence", Inbound.fence, ("country", "countries", "areas")),
    Check("limits", Inbound.limits, ("usage",)),
    Check("route", Inbound.find_route, ("callee",), always=True),
)
"""Of a call from a carrier, of which the verdict is known."""


SIGNING = tuple(check for check in OUTBOUND if check.name not in ("certificate", "route", "sign"))
"""Of a call that somebody else carries and only has signed here: all but what we would carry it with."""

IDLE: Reading = Usage()
"""No call is up, nothing is spent, nobody is blocked."""


def decide_outbound(
    call: OutboundCall,
    snapshot: Snapshot,
    credentials: Credentials,
    now: float,
    origid: str,
    usage: Reading = IDLE,
) -> Refuse | Forward:
    """Decide a call from a softswitch.

    `credentials` are those in force; `now` is in epoch seconds; `origid` a UUID nobody else has, used if the call is
    signed; `usage` says what is in use and who is blocked. Never raises for anything a call can say.
    """
    outbound = Outbound.of(call, snapshot, credentials, now, origid, usage)
    return refused(outbound, OUTBOUND) or outbound.outcome()


def decide_signing(
    call: OutboundCall, snapshot: Snapshot, now: float, usage: Reading = IDLE
) -> Refuse | Judgement:
    """Decide a call that is only to be signed here: the refusal, or the level that the policy gives it, why, and for whom."""
    outbound = Outbound.of(call, snapshot, Common(), now, "", usage)
    refusal = refused(outbound, SIGNING)
    return refusal or outbound.judgement._replace(account=outbound.account.id if outbound.account else None)


def decide_inbound(
    call: InboundCall, verdict: Verdict, snapshot: Snapshot, now: float = 0.0, usage: Reading = IDLE
) -> Refuse | Deliver:
    """Decide a call from a carrier, of which the verdict is known. Never raises for anything a call can say."""
    inbound = Inbound.of(call, verdict, snapshot, now, usage)
    return refused(inbound, INBOUND) or inbound.outcome()


def explain_outbound(
    call: OutboundCall,
    snapshot: Snapshot,
    credentials: Credentials,
    usage: Reading,
    now: float,
    origid: str,
) -> Explanation:
    """What `decide_outbound` would decide, check by check; nothing is counted and no call placed."""
    outbound = Outbound.of(call, snapshot, credentials, now, origid, usage)
    checks, refusal = explained(outbound, OUTBOUND)
    return Explanation(checks, refusal or outbound.outcome())


def explain_inbound(
    call: InboundCall, verdict: Verdict, snapshot: Snapshot, usage: Reading, now: float
) -> Explanation:
    """What `decide_inbound` would decide, check by check."""
    inbound = Inbound.of(call, verdict, snapshot, now, usage)
    checks, refusal = explained(inbound, INBOUND)
    return Explanation(checks, refusal or inbound.outcome())


def meant_by(snapshot: Snapshot, peer: Peer, party: Party, address: str) -> str:
    """An address as a peer's number transforms leave it: its number alone where one matched."""
    if not snapshot.transforms.has(peer.name, party):
        return address
    number, rule = snapshot.transforms.apply(peer.name, party, as_written(address))
    return number if rule else address
