"""What the calls of one owner cost in one day, known at any moment without looking at each call.

A call counts with its whole cost: while it runs in the day that is, and once it has ended in the day it ended in. A call over
midnight is therefore in full in the new day, and out of the old one. All sums are integers, so a call that ends
takes away exactly what it had brought.
"""

from __future__ import annotations

from datetime import date
from math import ceil, floor

from gateway.policy.rates import Rate

_PARTS = 60  # into which an increment is divided at most: one of a minute is followed to the second


class Meter:
    """The running calls whose rates have one increment: what they have cost so far, each begun increment in full.

    Of every call the whole increments from the epoch to its start are taken off as one sum. What is left is to count the
    calls that have begun one increment more, because they started earlier within theirs than `now` is within its own.
    Prices are of one increment, in any unit.
    """

    __slots__ = ("_earlier", "_increment", "_price", "_starts")

    def __init__(self, increment: int) -> None:
        self._increment = increment
        self._price = 0
        self._earlier = 0
        self._starts = [0] * min(increment, _PARTS)

    def start(self, price: int, second: int) -> None:
        """A call starts to run; `second` is whole seconds since the epoch."""
        whole, part = self._split(second)
        self._price += price
        self._earlier += price * whole
        self._starts[part] += price

    def stop(self, price: int, second: int) -> None:
        """A call that started with these very arguments runs no longer."""
        self.start(-price, second)

    def read(self, second: int) -> int:
        """What all of them cost so far; below 0 for a clock set back before their starts."""
        whole, part = self._split(second)
        return self._price * whole - self._earlier + sum(self._starts[:part])

    def _split(self, second: int) -> tuple[int, int]:
        whole, rest = divmod(second, self._increment)
        return whole, rest * len(self._starts) // self._increment


class Spend:
    """Money of one owner, in micro-units; `day` names the day it is asked for or told in."""

    __slots__ = ("_day", "_meters", "_settled")

    def __init__(self) -> None:
        self._day = date.min
        self._settled = 0
        self._meters: dict[int, Meter] = {}

    def start(self, rate: Rate, at: float) -> None:
        """A call at this rate was answered at `at`, epoch seconds."""
        meter = self._meters.get(rate.increment)
        if meter is None:
            meter = self._meters[rate.increment] = Meter(rate.increment)
        meter.start(_price(rate), floor(at))

    def stop(self, rate: Rate, at: float) -> None:
        """A call that was started so runs no longer; what it cost is to be settled."""
        self._meters[rate.increment].stop(_price(rate), floor(at))

    def settle(self, cost: int, day: date) -> None:
        """Add what an ended call cost."""
        self._settled = self.settled(day) + cost
        self._day = day

    def settled(self, day: date) -> int:
        """What the calls that ended in this day cost."""
        return self._settled if self._day == day else 0

    def spent(self, day: date, now: float) -> int:
        """That, and what the running calls have cost so far."""
        if not self._meters:
            return self.settled(day)
        second, running = ceil(now), 0
        for meter in self._meters.values():
            running += meter.read(second)
        return self.settled(day) + max(0, -(-running // 60))


def _price(rate: Rate) -> int:
    """Of one increment in sixtieths of a micro-unit: the price is of a minute, the increment of seconds."""
    return rate.per_minute * rate.increment
