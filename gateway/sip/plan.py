"""What was decided about a call, in SIP's terms. This file does no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.policy.holds import Hold
from gateway.sip.attempt import Target
from gateway.sip.leg import Passing, passing_of


@dataclass(slots=True)
class Plan:
    """A decided call: who calls whom, where it may go, what goes along.

    `caller` is leg B's From value (`leg.OWN_HOST` for our host in it), `callee` the called user part, `targets` where to
    try, in order. `headers` are those we add (Identity, Date), `passing` those of the caller's that go across. `probe` is
    the seconds after which the ends of an established call are asked for a sign of life, `facts` what the log shall say.
    `upstream` are header lines for the next thing the caller is told (RFC 9410 §4); `signature` is that of the PASSporT we
    made, by which a carrier's complaint about it is known; `hold` what the call occupies while it lasts.
    """

    caller: str
    callee: str
    targets: list[Target]
    headers: list[str]
    passing: Passing
    probe: float
    facts: dict[str, Any] = field(default_factory=dict)
    upstream: list[str] = field(default_factory=list)
    signature: str = ""
    hold: Hold | None = None


def undecided() -> Plan:
    """The plan of a call nobody has decided yet: it goes nowhere."""
    return Plan(caller="", callee="", targets=[], headers=[], passing=passing_of(()), probe=0.0)
