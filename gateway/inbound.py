"""The checks of a call from a carrier once its verdict is known, in the order that `gateway.engine` lists.

This file does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from gateway.decision import Deliver, Refuse, Refused, refuse
from gateway.policy.emergency import emergency_number
from gateway.policy.inbound import Action, class_of, result_of
from gateway.policy.peers import Peer
from gateway.policy.snapshot import Snapshot
from gateway.stir import reason_header
from gateway.stir.reasons import PHRASES
from gateway.stir.tn import InvalidNumber, TelephoneNumber, canonical
from gateway.stir.verdict import Verdict


@dataclass(frozen=True, slots=True)
class InboundCall:
    """A call a carrier brings: the numbers as its headers carry them."""

    peer: Peer
    caller: str
    callee: str


@dataclass(frozen=True, slots=True)
class Inbound:
    """One call on its way through the checks; each check answers what it found, or refuses the call."""

    call: InboundCall
    verdict: Verdict
    snapshot: Snapshot

    def decide(self) -> Deliver:
        emergency = emergency_number(self.call.callee, self.call.peer)  # 3
        if emergency:
            return self.deliver(emergency, "tag", "emergency")
        action = self.action()  # 4
        if action == "reject":
            self.reject(self.verdict.cause or 438, self.verdict.reason.phrase, self.rule)
        return self.deliver(self.callee(), action, self.rule)  # 5, 7, 8

    @property
    def rule(self) -> str:
        if self.verdict.passed:
            return f"verified.{self.verdict.attest}"
        return f"identity.{self.verdict.reason.value}"

    def action(self) -> Action:
        """What the carrier's policy does about the reason; to withhold the number is no way round a demanded Identity."""
        failure = class_of(self.verdict.reason)
        if failure is None:
            return "tag"
        treatment = self.snapshot.treatments.get(self.call.peer.name)
        if treatment is None:
            refuse(403, "peer.unknown")  # taken out of the policy while its call waited for the verdict
        if treatment.require_identity and (failure == "unsigned" or not self.verdict.headers):
            self.reject(428, PHRASES[428], "identity.required")
        return treatment.actions[failure]

    def reject(self, code: int, phrase: str, rule: str) -> NoReturn:
        raise Refused(Refuse(code, phrase, rule, headers=reason_header.lines(self.verdict)))

    def callee(self) -> TelephoneNumber:
        try:
            return canonical(self.call.callee, self.call.peer.plan)
        except InvalidNumber as error:
            refuse(484, f"callee.{error.reason}")

    def caller(self) -> TelephoneNumber | None:
        """The number that was verified, else the one that is signalled."""
        proved = self.verdict.decisive
        if self.verdict.passed and proved and proved.orig:
            return TelephoneNumber(proved.orig)
        try:
            return canonical(self.call.caller, self.call.peer.plan)
        except InvalidNumber:
            return None

    def deliver(self, callee: TelephoneNumber, action: Action, rule: str) -> Deliver:
        route = self.snapshot.inbound_routes.find(self.call.peer.name, callee.digits)
        if route is None:
            refuse(404, "route.none")
        result = result_of(self.verdict.reason, self.verdict.attest) if action == "tag" else None
        targets = self.snapshot.targets[route.name]
        return Deliver(
            rule=rule,
            action=action,
            route=route.name,
            targets=self.snapshot.told_targets[route.name, result] if result else targets,
            caller=self.caller(),
            callee=callee,
            verdict=self.verdict,
            result=result,
        )
