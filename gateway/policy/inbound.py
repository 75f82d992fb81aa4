"""What an operator decides about calls that come in from a carrier: what becomes of one whose verification fails
(`[peers.verification]` of the carrier), and how a softswitch is told the result (`[peers.tell]` of the softswitch).

A reason of a verification belongs to one class, by the SIP cause it calls for (RFC 8224 §6.2.2); an action is chosen
for a class, not for each of some fifty reasons:

    unsigned      428   no Identity header, or none of a kind that is judged here
    anonymous     433   no number of the caller's to compare with the token
    stale         403   the token's time is not now, or not the certificate's
    unreachable   436   the certificate could not be had
    untrusted     437   it could, and is not trusted, or not for this number
    invalid       438   the token is malformed, was signed for another call, or the signature is wrong
    replayed      438   the token was used by another call before

What a softswitch is told is one of five results: A, B or C (verified, with that attestation), failed (judged, and not
true), none (nothing could be judged). This file does no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from gateway.policy.hops import NextHop
from gateway.stir.claims import Attest
from gateway.stir.reasons import Reason

Action = Literal["tag", "continue", "reject"]
"""tag: the call goes on, and both sides are told. continue: it goes on and nobody is told; it is only logged and
counted. reject: it is answered with the reason's SIP code and phrase."""

ReasonClass = Literal["unsigned", "anonymous", "stale", "unreachable", "untrusted", "invalid", "replayed"]
ResultClass = Literal["A", "B", "C", "failed", "none"]

REASON_CLASSES: tuple[ReasonClass, ...] = get_args(ReasonClass)
RESULT_CLASSES: tuple[ResultClass, ...] = get_args(ResultClass)

_BY_CAUSE: dict[int | None, ReasonClass] = {
    403: "stale",
    428: "unsigned",
    433: "anonymous",
    436: "unreachable",
    437: "untrusted",
    438: "invalid",
}


def class_of(reason: Reason) -> ReasonClass | None:
    """The class of a reason; None for the one that is no failure."""
    if reason is Reason.PASSED:
        return None
    return "replayed" if reason is Reason.REPLAYED else _BY_CAUSE.get(reason.cause, "invalid")


def result_of(reason: Reason, attest: Attest | None) -> ResultClass:
    """What there is to tell of a verdict; `attest` is None unless it passed."""
    if attest:
        return attest
    return "none" if reason.verstat == "No-TN-Validation" else "failed"


@dataclass(frozen=True, slots=True)
class InboundRules:
    """What the node's `[verification]` says of carriers that do not say otherwise."""

    on_failure: Action = "tag"
    require_identity: bool = False


@dataclass(frozen=True, slots=True)
class Treatment:
    """What becomes of one carrier's calls, nothing left open."""

    require_identity: bool
    actions: Mapping[ReasonClass, Action]


@dataclass(frozen=True, slots=True)
class Verification:
    """The `[peers.verification]` of a carrier: what becomes of its calls.

    An action for each class of reason; a class without one has `default`, and without that the node's
    `[verification] on_failure`. `require_identity` answers every call without a usable Identity header 428, whatever
    `unsigned` and `anonymous` say; None means as the node does. `trust_verstat` leaves a verstat that the carrier has
    set where we have nothing to say ourselves; otherwise each is removed before ours is written.
    """

    require_identity: bool | None = None
    default: Action | None = None
    unsigned: Action | None = None
    anonymous: Action | None = None
    stale: Action | None = None
    unreachable: Action | None = None
    untrusted: Action | None = None
    invalid: Action | None = None
    replayed: Action | None = None
    trust_verstat: bool = False

    def under(self, rules: InboundRules) -> Treatment:
        """What it means on a node with these rules."""
        otherwise = self.default or rules.on_failure
        return Treatment(
            require_identity=rules.require_identity
            if self.require_identity is None
            else self.require_identity,
            actions={each: getattr(self, each) or otherwise for each in REASON_CLASSES},
        )


@dataclass(frozen=True, slots=True)
class Tell:
    """The `[peers.tell]` of a softswitch: how it is told what became of a call's verification.

    verstat: the parameter of 3GPP TS 24.229 §7.2A.20, on P-Asserted-Identity if there is one, else on From.
    remote_party_id: a Remote-Party-ID of ours, with the caller's number, verstat, and `screen=yes` only if verified;
    it takes the place of one received.
    display: by result, what stands before the display name in From and P-Asserted-Identity ("[V] "); where there is
    no display name, the number takes its place behind it.
    number_prefix: by result, digits before the caller's number in From, P-Asserted-Identity and Remote-Party-ID; a
    leading "+" gives way to them.
    next_hops: by result, where the call goes instead of to the peer's own next hops.
    """

    verstat: bool = True
    remote_party_id: bool = False
    display: Mapping[ResultClass, str] = field(default_factory=dict, hash=False)
    number_prefix: Mapping[ResultClass, str] = field(default_factory=dict, hash=False)
    next_hops: Mapping[ResultClass, tuple[NextHop, ...]] = field(default_factory=dict, hash=False)
