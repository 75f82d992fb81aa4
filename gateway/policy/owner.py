"""What one owner, a peer or an account, uses of its bounds: here, and at the other nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gateway.policy.cps import Bucket
from gateway.policy.days import Days
from gateway.policy.elsewhere import Elsewhere, Figures
from gateway.policy.limits import Limits
from gateway.policy.spend import Spend

Over = Literal["concurrent", "cps", "spend"]


@dataclass(slots=True)
class Owner:
    """Calls at once, money and tokens of one owner.

    `reserved` is what the calls that nobody has answered yet will cost at least, `charged` how many of those that are up
    cost something, `asked` whether anybody has ever wanted to know: of the others no node needs to hear. `near` is whether
    the last question found one of the bounds three quarters used, so that other nodes should hear of the next call at once.
    """

    concurrent: int = 0
    reserved: int = 0
    charged: int = 0
    asked: bool = False
    near: bool = False
    bucket: Bucket | None = None
    spend: Spend = field(default_factory=Spend)
    elsewhere: Elsewhere = field(default_factory=Elsewhere)

    def over(self, limits: Limits, days: Days, now: float) -> Over | None:
        """The bound that one more call would break, or None."""
        concurrent, cps, spend = limits.concurrent, limits.cps, limits.spend_per_day
        self.near = True  # until everything has been looked at
        near = False
        if concurrent is not None:
            room = concurrent - self.concurrent - self.elsewhere.concurrent
            if room <= 0:
                return "concurrent"
            near = _is_little(room, concurrent)
        if cps is not None:
            bucket = self.bucket = self.bucket or Bucket(tokens=float(cps), at=now)
            if bucket.is_empty(cps, now):
                return "cps"
            near = near or _is_little(bucket.tokens, cps)
        if spend is not None:
            left = spend - self.committed(days, now)
            if left <= 0:
                return "spend"
            near = near or _is_little(left, spend)
        self.near = near
        return None

    def spent(self, days: Days, now: float) -> int:
        """Micro-units of money that calls cost today: those that have ended, and the running ones so far."""
        day = days.day(now)
        return self.spend.spent(day, now) + self.elsewhere.committed(day)

    def committed(self, days: Days, now: float) -> int:
        """That, and what the calls that still ring will cost at least: what a bound is held to."""
        return self.spent(days, now) + self.reserved

    def figures(self, days: Days, now: float) -> Figures:
        """What this node alone uses."""
        day = days.day(now)
        settled = self.spend.settled(day)
        running = self.spend.spent(day, now) - settled + self.reserved
        return Figures(self.concurrent, running, settled, day)


def _is_little(left: float, bound: int) -> bool:
    return left <= 1 or left * 4 <= bound
