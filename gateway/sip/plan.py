"""What was decided about a call, in SIP's terms. This file does no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.sip.attempt import Target
from gateway.sip.leg import Passing


@dataclass(slots=True)
class Plan:
    """A decided call: who calls whom, where it may go, what goes along.

    `caller` is leg B's From value (`leg.OWN_HOST` for our host in it), `callee` the called user part, `targets` where to
    try, in order. `headers` are those we add (Identity, Date), `passing` those of the caller's that go across. `probe` is
    the seconds after which the ends of an established call are asked for a sign of life, `facts` what the log shall say.
    """

    caller: str
    callee: str
    targets: list[Target]
    headers: list[str]
    passing: Passing
    probe: float
    facts: dict[str, Any] = field(default_factory=dict)
