"""The decision: a call comes in, and is refused, or goes on. This file does no I/O.

The order of checks, which an operator may rely on, of a call from a softswitch (`gateway.outbound`):

     1  source peer             the door found it by source address; a stranger never gets here
     2  account                 whose call it is
     3  access and lock         a disabled account places no calls
     4  transforms              numbers as dialled become numbers as meant
     5  caller, callee          canonical numbers, or none
     6  emergency               passes everything: no later check, and no earlier one, refuses it
     7  System White List       skips every black list
     8  dynamic black lists
     9  black and white groups  by peer, account, caller, callee, time
    10  prefix rules            of the caller, the called number, the account
    11  geofence                area and country
    12  limits                  concurrent calls, calls a second, spend
    13  attestation             A, B, C, or nothing: then not signed, or refused (`[signing] unmatched`)
    14  certificate             a call to be signed needs one that is valid now
    15  route                   who carries it
    16  sign                    cannot fail any more

Steps 4 and 7 to 12 belong to policies this version does not hold, so no rule of theirs can match.

And of a call from a carrier (`gateway.inbound`):

     1  source peer             the door found it by source address
     2  verification            every Identity header is judged (`gateway.stir.verification`): the verdict
     3  emergency               is never refused for its verdict, and goes on with it
     4  action                  the carrier's `[peers.verification]` for the reason: tag, continue or reject;
                                before that `require_identity`, which answers 428
     5  callee                  a canonical number
     6  number policy           of the called side; not held by this version
     7  route                   which softswitch has the number; a carrier's call never goes to a carrier
     8  deliver                 told as the softswitch's `[peers.tell]` says, at its next hops for the result

Each outcome names the rule that made it, in stable kebab-case. A policy's refusal of a softswitch's call has
the peer's `refuse_with` code, so that VOS3000 stops; what only this node cannot do has 503, so that VOS3000
tries its next gateway; a verification's refusal of a carrier's call has the code of RFC 8224 §6.2.2.
"""

from __future__ import annotations

from gateway.decision import Deliver, Forward, Refuse, Refused
from gateway.inbound import Inbound, InboundCall
from gateway.outbound import Credential, Outbound, OutboundCall
from gateway.policy.snapshot import Snapshot
from gateway.stir.verdict import Verdict

__all__ = [
    "Credential", "Deliver", "Forward", "InboundCall", "OutboundCall", "Refuse", "decide_inbound", "decide_outbound",
]  # fmt: skip


def decide_outbound(
    call: OutboundCall, snapshot: Snapshot, credential: Credential | None, now: float, origid: str
) -> Refuse | Forward:
    """Decide a call from a softswitch.

    `now` is in epoch seconds; `origid` a UUID nobody else has, used if the call is signed. Never raises for
    anything a call can say.
    """
    try:
        return Outbound(call, snapshot, credential, now, origid).decide()
    except Refused as refused:
        return refused.answer


def decide_inbound(call: InboundCall, verdict: Verdict, snapshot: Snapshot) -> Refuse | Deliver:
    """Decide a call from a carrier, of which the verdict is known. Never raises for anything a call can say."""
    try:
        return Inbound(call, verdict, snapshot).decide()
    except Refused as refused:
        return refused.answer
