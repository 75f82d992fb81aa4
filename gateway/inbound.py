"""The checks that only a call from a carrier goes through, once its verdict is known.

`gateway.engine` lists them in their order among the others. This file does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from gateway.decision import Deliver, Refuse, Refused, refuse
from gateway.number_policy import Number, NumberPolicy
from gateway.policy.inbound import Action, class_of, result_of
from gateway.policy.peers import Peer
from gateway.policy.routes import Route
from gateway.policy.snapshot import Snapshot
from gateway.policy.usage import Reading
from gateway.stir import reason_header
from gateway.stir.reasons import PHRASES
from gateway.stir.tn import TelephoneNumber
from gateway.stir.verdict import Verdict


@dataclass(frozen=True, slots=True)
class InboundCall:
    """A call a carrier brings: the numbers as its headers carry them.

    source: the address it came from; country: where that is at home (ISO 3166), None where nobody knows.
    """

    peer: Peer
    caller: str
    callee: str
    source: str = ""
    country: str | None = None


@dataclass(slots=True, kw_only=True)
class Inbound(NumberPolicy):
    """One call of a carrier on its way through the checks."""

    verdict: Verdict
    action: Action = "tag"
    route: Route | None = None

    @classmethod
    def of(
        cls, call: InboundCall, verdict: Verdict, snapshot: Snapshot, now: float, usage: Reading
    ) -> Inbound:
        """The call before its first check."""
        return cls(
            peer=call.peer,
            address=call.source,
            country=call.country,
            caller=Number("caller", call.caller),
            callee=Number("callee", call.callee),
            snapshot=snapshot,
            usage=usage,
            now=now,
            verdict=verdict,
        )

    def show_verdict(self) -> str:
        """Verification has come before: whatever the checks decide, the verdict stands."""
        return str(self.verdict.reason.value)

    def act(self) -> str:
        """What the carrier's policy does about the reason."""
        self.action = self._action()
        if self.action == "reject":
            self._reject(self.verdict.cause or 438, self.verdict.reason.phrase, self._rule)
        return self.action

    def _action(self) -> Action:
        """To withhold the number is no way round a demanded Identity."""
        failure = class_of(self.verdict.reason)
        if failure is None:
            return "tag"
        treatment = self.snapshot.treatments.get(self.peer.name)
        if treatment is None:
            refuse(403, "peer.unknown")  # taken out of the policy while its call waited for the verdict
        if treatment.require_identity and (failure == "unsigned" or not self.verdict.headers):
            self._reject(428, PHRASES[428], "identity.required")
        return treatment.actions[failure]

    def _reject(self, code: int, phrase: str, rule: str) -> NoReturn:
        raise Refused(Refuse(code, phrase, rule, headers=reason_header.lines(self.verdict)))

    @property
    def _rule(self) -> str:
        if self.emergency:
            return "emergency"
        if self.verdict.passed:
            return f"verified.{self.verdict.attest}"
        return f"identity.{self.verdict.reason.value}"

    def find_route(self) -> str:
        """Which softswitch has the number; a carrier's call never goes to a carrier."""
        self.route = self.snapshot.inbound_routes.find(self.peer.name, self.called)
        if self.route is None:
            refuse(404, "route.none")
        return self.route.name

    def outcome(self) -> Deliver:
        """Once every check has passed."""
        assert self.route and self.callee.meant
        result = result_of(self.verdict.reason, self.verdict.attest) if self.action == "tag" else None
        targets = self.snapshot.targets[self.route.name]
        return Deliver(
            rule=self._rule,
            action=self.action,
            route=self.route.name,
            targets=self.snapshot.told_targets[self.route.name, result] if result else targets,
            caller=self._spoken_of(),
            callee=self.callee.meant,
            verdict=self.verdict,
            result=result,
            parties=self.parties,
            hold=self.hold,
        )

    def _spoken_of(self) -> TelephoneNumber | None:
        """The number that was verified, else the one that is signalled."""
        proved = self.verdict.decisive
        if self.verdict.passed and proved and proved.orig:
            return TelephoneNumber(proved.orig)
        return self.caller.meant
