"""What is being used now: calls at once, calls a second, money today, and who is kept out for what they did.

The door tells what happens to each call, the engine asks before it lets one in. All of it is in this process's memory, and
every event costs the same however many calls there are. Nothing a stranger sends makes it grow without bound: of
callers and addresses so many are remembered; owners and accounts are those of the policy. Events may be lost, doubled
or late: a call that is not known to be there ends without a trace, so no count goes below zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

from gateway.policy.blocks import Block, Blocks, BlockType
from gateway.policy.cps import Bucket
from gateway.policy.days import Days
from gateway.policy.holds import Hold, Running
from gateway.policy.limits import Limits
from gateway.policy.offences import Offences
from gateway.policy.parameters import Parameters
from gateway.policy.rates import cost
from gateway.policy.spend import Spend

__all__ = ["Hold", "Outcome", "Over", "Reading", "Usage"]

Over = Literal["concurrent", "cps", "spend"]
Outcome = Literal["answered", "no-answer", "failed"]


class Reading(Protocol):
    """What the engine asks; asking changes no answer."""

    def blocked(self, type: BlockType, subject: str, now: float) -> Block | None:
        """The block in force, or None."""

    def over(self, owner: str, limits: Limits, now: float) -> Over | None:
        """The bound that one more call of this owner would break, or None."""

    def concurrent(self, owner: str) -> int:
        """Calls of this owner at this moment."""

    def spent(self, owner: str, now: float) -> int:
        """Micro-units of money this owner's calls cost today."""


@dataclass(slots=True)
class _Owner:
    """What one owner uses. `reserved` is what the calls that nobody has answered yet will cost at least."""

    concurrent: int = 0
    reserved: int = 0
    bucket: Bucket | None = None
    spend: Spend = field(default_factory=Spend)


class Usage:
    """The counters of one process, used by one thread.

    Where an event brings no parameters, those that were told last hold. Every `now` is epoch seconds; a clock that
    goes back is borne.
    """

    def __init__(self, parameters: Parameters | None = None) -> None:
        self._parameters = parameters or Parameters()
        self._days = Days(self._parameters.time_zone)
        self._owners: dict[str, _Owner] = {}
        self._running = Running()
        self._blocks = Blocks()
        self._offences = Offences(self._blocks)
        self.blocked = self._blocks.find  # asked half a dozen times a call, so without a step between

    def over(self, owner: str, limits: Limits, now: float) -> Over | None:
        """The bound that one more call of this owner would break, or None."""
        held = self._owners.get(owner) or self._owner(owner)
        concurrent, cps, spend = limits.concurrent, limits.cps, limits.spend_per_day
        if concurrent is not None and held.concurrent >= concurrent:
            return "concurrent"
        if cps is not None:
            bucket = held.bucket = held.bucket or Bucket(tokens=float(cps), at=now)
            if bucket.is_empty(cps, now):
                return "cps"
        if spend is not None and self._spent(held, now) + held.reserved >= spend:
            return "spend"
        return None

    def attempted(self, caller: str | None, premium: bool, parameters: Parameters, now: float) -> list[Block]:
        """A new call that is no emergency has come in, whatever will be decided: the blocks it brought about."""
        self._learn(parameters)
        return [] if caller is None else self._offences.attempt(caller, premium, parameters, now)

    def refused(
        self, account: str | None, source: str, rule: str, parameters: Parameters, now: float
    ) -> list[Block]:
        """A call was refused by the rule with this id: the blocks it brought about."""
        self._learn(parameters)
        return self._offences.refusal(account, source, rule, parameters, now)

    def began(self, hold: Hold, now: float) -> list[Block]:
        """A call was let in: the blocks it brought about."""
        self._enter(hold)
        self._running.begin(hold)
        self._reserve(hold, 1)
        for owner in hold.owners:
            bucket = self._owners[owner].bucket
            if bucket is not None:
                bucket.take()
        if hold.account is not None:
            self._offences.valid(hold.account)
        return [] if hold.caller is None else self._offences.crowd(hold.caller, self._parameters, now)

    def answered(self, hold: Hold, now: float) -> None:
        """A call that was let in was answered: it costs from now on."""
        since = self._running.answer(hold, now)
        if since is not None:
            self._reserve(hold, -1)
            self._charge(hold, since)

    def ended(
        self, hold: Hold, outcome: Outcome, answered_at: float | None, parameters: Parameters, now: float
    ) -> list[Block]:
        """A call that was let in is over, whoever ended it and however: the blocks it brought about.

        `answered_at` is when it was answered, if it was. A call given up while it rang is a no-answer; a failed one
        says nothing about those who took part.
        """
        self._learn(parameters)
        ended = self._running.end(hold, answered_at)
        if ended is None:
            return []
        self._leave(hold, ended.since)
        start = ended.since if answered_at is None else answered_at
        if start is not None:
            self._settle(hold, now - start, now)
        if outcome == "no-answer":
            return self._offences.no_answer(hold, parameters, now)
        if outcome == "answered":
            self._offences.answer(hold)
        return []

    def resumed(self, hold: Hold, answered_at: float | None) -> None:
        """A call that was let in before this process began is still there, and was answered then if it was."""
        self._enter(hold)
        since = self._running.begin(hold, answered_at)
        if since is None:
            self._reserve(hold, 1)
        else:
            self._charge(hold, since)

    def block(self, block: Block) -> None:
        """Keep its subject out, in place of an earlier block of its type."""
        self._blocks.put(block)

    def release(self, type: BlockType, subject: str, at: float) -> None:
        """Let a subject in again as of `at`, and count anew; a block that began later stays."""
        block = self._blocks.find(type, subject, at)
        if block is None or block.since <= at:
            self._blocks.remove(type, subject)
            self._offences.forget(type, subject)

    def blocks(self, now: float) -> list[Block]:
        """Every block in force."""
        return self._blocks.in_force(now)

    def concurrent(self, owner: str) -> int:
        """Calls of this owner at this moment."""
        held = self._owners.get(owner)
        return held.concurrent if held else 0

    def spent(self, owner: str, now: float) -> int:
        """Micro-units of money this owner's calls cost today: those that have ended, and the running ones so far."""
        held = self._owners.get(owner)
        return self._spent(held, now) if held else 0

    def committed(self, owner: str, now: float) -> int:
        """What this owner's calls cost today, and what those that still ring will cost at least: what a bound is held to."""
        held = self._owners.get(owner)
        return self._spent(held, now) + held.reserved if held else 0

    def tokens(self, owner: str) -> Bucket | None:
        """The calls this owner may begin this second; None of one of whom nobody has asked yet."""
        held = self._owners.get(owner)
        return held.bucket if held else None

    def snapshot(self, now: float) -> dict[str, Any]:
        """The figures of every owner that has any, as JSON has them.

        `{"day": "2026-07-03", "time_zone": "UTC", "owners": {owner: {"concurrent", "spent", "settled"}}}`;
        settled is what of the spent belongs to calls that have ended.
        """
        day = self._days.day(now)
        figures = {
            name: {
                "concurrent": held.concurrent,
                "spent": held.spend.spent(day, now),
                "settled": held.spend.settled(day),
            }
            for name, held in self._owners.items()
        }
        in_use = {name: each for name, each in figures.items() if any(each.values())}
        return {"day": day.isoformat(), "time_zone": self._days.zone, "owners": in_use}

    def restore(self, state: Mapping[str, Any], now: float) -> None:
        """Take over what was settled today, if the snapshot is of today; calls are taken up with `resumed`.

        ValueError for what no snapshot is; nothing of it is taken over.
        """
        days, saved, settled = _restored(state)
        self._days = days
        day = days.day(now)
        if day == saved:
            for owner, amount in settled.items():
                self._owner(owner).spend.settle(amount, day)

    def _learn(self, parameters: Parameters) -> None:
        self._parameters = parameters
        if parameters.time_zone != self._days.zone:
            self._days = Days(parameters.time_zone)

    def _owner(self, name: str) -> _Owner:
        held = self._owners.get(name)
        if held is None:
            held = self._owners[name] = _Owner()
        return held

    def _spent(self, held: _Owner, now: float) -> int:
        return held.spend.spent(self._days.day(now), now)

    def _enter(self, hold: Hold) -> None:
        for owner in hold.owners:
            self._owner(owner).concurrent += 1
        if hold.caller is not None:
            self._offences.enter(hold.caller)

    def _leave(self, hold: Hold, since: int | None) -> None:
        for owner in hold.owners:
            self._owners[owner].concurrent -= 1
        if hold.caller is not None:
            self._offences.leave(hold.caller)
        if since is None:
            self._reserve(hold, -1)
        else:
            for owner, rate in hold.charges:
                self._owners[owner].spend.stop(rate, since)

    def _charge(self, hold: Hold, since: int) -> None:
        for owner, rate in hold.charges:
            self._owner(owner).spend.start(rate, since)

    def _reserve(self, hold: Hold, calls: int) -> None:
        """A burst of calls that all ring must not slip through below the bound together."""
        for owner, rate in hold.charges:
            self._owner(owner).reserved += calls * cost(rate, rate.increment)

    def _settle(self, hold: Hold, seconds: float, now: float) -> None:
        day = self._days.day(now)
        for owner, rate in hold.charges:
            self._owner(owner).spend.settle(cost(rate, seconds), day)


def _restored(state: Mapping[str, Any]) -> tuple[Days, date, dict[str, int]]:
    """The calendar of a snapshot, its day, and what each owner had settled in it."""
    try:
        days, day = Days(state["time_zone"]), date.fromisoformat(state["day"])
        settled = {owner: figures["settled"] for owner, figures in state["owners"].items()}
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError("this is no snapshot of usage") from error
    if not all(type(amount) is int and amount >= 0 for amount in settled.values()):
        raise ValueError("this is no snapshot of usage: what was settled is a whole number, 0 or more")
    return days, day, settled
