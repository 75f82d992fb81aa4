"""A dry run's outcome in the form that HTTP and the command line tell it in. No token is shown: nobody made a call."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from gateway.checking import Checked, Explanation
from gateway.decision import Forward, Refuse

STRANGER = "source.stranger"

Outcome = Literal["refused", "forwarded", "delivered"]


class ExplainedCheck(BaseModel):
    """One check, in the order of the decision."""

    number: int = Field(examples=[11])
    name: str = Field(examples=["geofence"])
    saw: dict[str, Any] = Field(description="The facts it went by.", examples=[{"callee country": "BS"}])
    decided: str = Field(examples=["refuses: geofence.callee-country:account/acme/BS"])


class Explained(BaseModel):
    """What would become of a call, and every check on the way there; the last one refused it if it is refused."""

    outcome: Outcome
    rule: str = Field(examples=["geofence.callee-country:account/acme/BS"])
    code: int | None = Field(default=None, description="The SIP status of a refusal.", examples=[603])
    account: str | None = None
    caller: str | None = Field(default=None, description="Canonical digits.")
    callee: str | None = Field(default=None, description="Canonical digits.")
    route: str | None = None
    targets: list[str] = Field(default_factory=list, description="Peers, in the order they are tried.")
    attest: str | None = None
    reason: str | None = Field(default=None, description="Why that attestation, or what was verified.")
    checks: list[ExplainedCheck]

    @property
    def goes_on(self) -> bool:
        """Whether the call would be let through."""
        return self.outcome != "refused"


def explained(explanation: Explanation) -> Explained:
    """The explanation as it is told."""
    decision, parties = explanation.decision, explanation.decision.parties
    told = Explained(
        outcome="refused",
        rule=decision.rule,
        account=parties.account if parties else None,
        caller=parties.caller if parties else None,
        callee=parties.callee if parties else None,
        checks=[_check(each) for each in explanation.checks],
    )
    if isinstance(decision, Refuse):
        return told.model_copy(update={"code": decision.code})
    return told.model_copy(
        update={
            "outcome": "forwarded" if isinstance(decision, Forward) else "delivered",
            "route": decision.route,
            "targets": [peer.name for peer in decision.targets],
            "attest": decision.attest,
            "reason": decision.reason,
        }
    )


def stranger(source: str) -> Explained:
    """What becomes of a call from an address that belongs to no peer."""
    check = ExplainedCheck(number=1, name="source peer", saw={"source": source}, decided="stranger")
    return Explained(outcome="refused", rule=STRANGER, checks=[check])


def _check(done: Checked) -> ExplainedCheck:
    return ExplainedCheck(number=done.number, name=done.name, saw=dict(done.saw), decided=done.decided)
