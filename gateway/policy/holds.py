"""What accepted calls occupy, and which of them are still running.

A hold is a value: it may be written to a journal and read again by another process. Calls with equal holds cannot be told
apart and need not be; how many there are, and since when they cost, is all that counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor

from gateway.policy.rates import Rate


@dataclass(frozen=True, slots=True)
class Hold:
    """What one accepted call occupies from its beginning to its end; an emergency call has none.

    `owners` are the peers and accounts it counts for, `caller` and `callee` canonical numbers (None: withheld),
    `charges` who pays for it at which rate: that of its beginning, whatever the policy becomes. `account` is the one
    it was made for.
    """

    owners: tuple[str, ...]
    caller: str | None
    callee: str
    # Equal holds have equal charges, but the rest tells calls apart well enough for a hash.
    charges: tuple[tuple[str, Rate], ...] = field(default=(), hash=False)
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that runs no longer: the second from which it was running, or None if nobody had answered."""

    since: int | None


class Running:
    """The calls that are there: of each hold, how many were answered in which second and (None) how many were not yet."""

    def __init__(self) -> None:
        self._calls: dict[Hold, dict[int | None, int]] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def begin(self, hold: Hold, answered_at: float | None = None) -> int | None:
        """One more call; the second from which it runs, if it was answered."""
        calls = self._calls.setdefault(hold, {})
        second = None if answered_at is None else floor(answered_at)
        calls[second] = calls.get(second, 0) + 1
        return second

    def answer(self, hold: Hold, now: float) -> int | None:
        """A call was answered; the second from which it runs, or None if none was waiting for it."""
        calls = self._calls.get(hold)
        if calls is None or None not in calls:
            return None
        _one_less(calls, None)
        return self.begin(hold, now)

    def end(self, hold: Hold, answered_at: float | None) -> Ended | None:
        """A call is over: the one that runs since then, else any with this hold; None if there is no such call."""
        calls = self._calls.get(hold)
        if calls is None:
            return None
        second = None if answered_at is None else floor(answered_at)
        if second not in calls:
            second = next(iter(calls))
        _one_less(calls, second)
        if not calls:
            del self._calls[hold]
        return Ended(second)


def _one_less(calls: dict[int | None, int], second: int | None) -> None:
    if calls[second] > 1:
        calls[second] -= 1
    else:
        del calls[second]
