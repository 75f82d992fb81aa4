"""What is being used now: calls at once, calls a second, money today, and who is kept out for what they did.

The door tells what happens to each call, the engine asks before it lets one in. All of it is in this process's memory, and
every event costs the same however many calls there are. Nothing a stranger sends makes it grow without bound: of
callers and addresses so many are remembered; owners and accounts are those of the policy. Events may be lost, doubled
or late: a call that is not known to be there ends without a trace, so no count goes below zero.

Where nodes share their bounds, each counts its own calls, tells what changed (`News`), and hears what the others use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, Protocol

from gateway.policy import figures
from gateway.policy.blocks import BY_HAND, Block, Blocks, BlockType
from gateway.policy.cps import Bucket
from gateway.policy.days import Days
from gateway.policy.elsewhere import Figures
from gateway.policy.holds import Hold, Running
from gateway.policy.incidents import Admission, Answer, Attempt, Incident, NoAnswer, Refusal
from gateway.policy.limits import Limits
from gateway.policy.news import News
from gateway.policy.offences import Offences
from gateway.policy.owner import Over, Owner
from gateway.policy.parameters import Parameters
from gateway.policy.rates import cost

__all__ = ["Hold", "Outcome", "Over", "Reading", "Usage"]

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


class Usage:
    """The counters of one process, used by one thread.

    Where an event brings no parameters, those that were told last hold. Every `now` is epoch seconds; a clock that
    goes back is borne.
    """

    def __init__(self, parameters: Parameters | None = None) -> None:
        self._parameters = parameters or Parameters()
        self._days = Days(self._parameters.time_zone)
        self._owners: dict[str, Owner] = {}
        self._running = Running()
        self._blocks = Blocks()
        self._offences = Offences(self._blocks)
        self.blocked = self._blocks.find  # asked half a dozen times a call, so without a step between
        self.news: News | None = None

    def over(self, owner: str, limits: Limits, now: float) -> Over | None:
        """The bound that one more call of this owner would break, or None."""
        held = self._owners.get(owner) or self._owner(owner)
        if not held.asked:
            held.asked = True
            if self.news is not None:
                self.news.changed(owner, False)
        return held.over(limits, self._days, now)

    def attempted(self, caller: str | None, premium: bool, parameters: Parameters, now: float) -> list[Block]:
        """A new call that is no emergency has come in, whatever will be decided: the blocks it brought about."""
        self.learn(parameters)
        if caller is None:
            return []
        if self.news is not None:
            self._tell(Attempt(caller, premium), now)
        return self._offences.attempt(caller, premium, parameters, now)

    def refused(
        self, account: str | None, source: str, rule: str, parameters: Parameters, now: float
    ) -> list[Block]:
        """A call was refused by the rule with this id: the blocks it brought about."""
        self.learn(parameters)
        if self.news is not None:
            self._tell(Refusal(account, source, rule), now)
        return self._offences.refusal(account, source, rule, parameters, now)

    def began(self, hold: Hold, now: float) -> list[Block]:
        """A call was let in: the blocks it brought about."""
        self._enter(hold)
        self._running.begin(hold)
        self._reserve(hold, 1)
        for owner in hold.owners:
            held = self._owners[owner]
            if held.bucket is not None:
                held.bucket.take()
            if held.asked and self.news is not None:
                self.news.begun(owner)
        self._changed(hold)
        if hold.account is not None:
            if self.news is not None:
                self._tell(Admission(hold.account), now)
            self._offences.valid(hold.account)
        return [] if hold.caller is None else self._offences.crowd(hold.caller, self._parameters, now)

    def answered(self, hold: Hold, now: float) -> None:
        """A call that was let in was answered: it costs from now on."""
        since = self._running.answer(hold, now)
        if since is not None:
            self._reserve(hold, -1)
            self._charge(hold, since)
            self._changed(hold)

    def ended(
        self, hold: Hold, outcome: Outcome, answered_at: float | None, parameters: Parameters, now: float
    ) -> list[Block]:
        """A call that was let in is over, whoever ended it and however: the blocks it brought about.

        `answered_at` is when it was answered, if it was. A call given up while it rang is a no-answer; a failed one
        says nothing about those who took part.
        """
        self.learn(parameters)
        ended = self._running.end(hold, answered_at)
        if ended is None:
            return []
        self._leave(hold, ended.since)
        start = ended.since if answered_at is None else answered_at
        if start is not None:
            self._settle(hold, now - start, now)
        self._changed(hold)
        if outcome == "failed":
            return []
        if self.news is not None:
            said = NoAnswer if outcome == "no-answer" else Answer
            self._tell(said(hold.callee, hold.caller), now)
        if outcome == "no-answer":
            return self._offences.no_answer(hold, parameters, now)
        self._offences.answer(hold)
        return []

    def resumed(self, hold: Hold, answered_at: float | None) -> None:
        """A call that was let in before this process began is still there, and was answered then if it was."""
        self._enter(hold)
        for owner in hold.owners:
            self._owners[owner].asked = True  # by the process before this one, when it let the call in
        since = self._running.begin(hold, answered_at)
        if since is None:
            self._reserve(hold, 1)
        else:
            self._charge(hold, since)
        self._changed(hold)

    def happened(self, incident: Incident, parameters: Parameters, now: float) -> list[Block]:
        """Something happened in a call of another node: the blocks it brought about."""
        self.learn(parameters)
        return self._offences.take(incident, parameters, now)

    def heard(self, node: str, owner: str, used: Figures, begun: int, now: float) -> None:
        """What another node uses of an owner now, and how many calls it has begun since it told last."""
        held = self._owner(owner)
        held.elsewhere.hear(node, used)
        if begun and held.bucket is not None:
            held.bucket.take(begun)

    def forgotten(self, node: str) -> list[str]:
        """Another node is gone, and its calls with it: the owners whose calls they were."""
        return [name for name, held in self._owners.items() if held.elsewhere.forget(node)]

    def block(self, block: Block) -> None:
        """Keep its subject out, in place of an earlier block of its type, unless that was made by hand and this was not;
        the blocked are not counted."""
        present = self._blocks.find(block.type, block.subject, block.since)
        if present is None or present.why != BY_HAND or block.why == BY_HAND:
            self._blocks.put(block)
        self._offences.begin_anew(block.type, block.subject)

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
        """Calls of this owner at this moment, at all nodes."""
        held = self._owners.get(owner)
        return held.concurrent + held.elsewhere.concurrent if held else 0

    def spent(self, owner: str, now: float) -> int:
        """Micro-units of money this owner's calls cost today: those that have ended, and the running ones so far."""
        held = self._owners.get(owner)
        return held.spent(self._days, now) if held else 0

    def committed(self, owner: str, now: float) -> int:
        """What this owner's calls cost today, and what those that still ring will cost at least: what a bound is held to."""
        held = self._owners.get(owner)
        return held.committed(self._days, now) if held else 0

    def tokens(self, owner: str) -> Bucket | None:
        """The calls this owner may begin this second; None of one of whom nobody has asked yet."""
        held = self._owners.get(owner)
        return held.bucket if held else None

    def own(self, owner: str, now: float) -> Figures:
        """What this node alone uses of an owner: what the others hear."""
        return self._owner(owner).figures(self._days, now)

    def asked(self) -> list[str]:
        """The owners of whom anybody has asked: all that other nodes have to hear of."""
        return [name for name, held in self._owners.items() if held.asked]

    def growing(self) -> list[str]:
        """Those of them whose running calls cost more with every second."""
        return [name for name, held in self._owners.items() if held.charged and held.asked]

    def day(self, now: float) -> date:
        """Which day's money is counted."""
        return self._days.day(now)

    def recall(self, owner: str, settled: int, day: date, now: float) -> None:
        """What this node itself has told others it had spent in a day: no less was it, whatever else was forgotten."""
        held = self._owner(owner)
        lost = settled - held.spend.settled(day)
        if day == self._days.day(now) and lost > 0:
            held.spend.settle(lost, day)

    def snapshot(self, now: float) -> dict[str, Any]:
        """The figures of every owner that has any, as JSON has them; see `gateway.policy.figures`."""
        return figures.snapshot(self._owners, self._days, now)

    def restore(self, state: Mapping[str, Any], now: float) -> None:
        """Take over what was settled today, if the snapshot is of today; calls are taken up with `resumed`.

        ValueError for what no snapshot is; nothing of it is taken over.
        """
        days, saved, settled = figures.restored(state)
        self._days = days
        day = days.day(now)
        if day == saved:
            for owner, amount in settled.items():
                self._owner(owner).spend.settle(amount, day)

    def learn(self, parameters: Parameters) -> None:
        """What holds from now on, where no event brings it."""
        self._parameters = parameters
        if parameters.time_zone != self._days.zone:
            self._days = Days(parameters.time_zone)

    def _owner(self, name: str) -> Owner:
        held = self._owners.get(name)
        if held is None:
            held = self._owners[name] = Owner()
        return held

    def _tell(self, incident: Incident, now: float) -> None:
        if self.news is not None and self._offences.concerned(incident, self._parameters, now):
            self.news.happened(incident)

    def _changed(self, hold: Hold) -> None:
        if self.news is not None:
            for owner in hold.owners:
                held = self._owners[owner]
                if held.asked:
                    self.news.changed(owner, held.near)

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
                held = self._owners[owner]
                held.spend.stop(rate, since)
                held.charged -= 1

    def _charge(self, hold: Hold, since: int) -> None:
        for owner, rate in hold.charges:
            held = self._owner(owner)
            held.spend.start(rate, since)
            held.charged += 1

    def _reserve(self, hold: Hold, calls: int) -> None:
        """A burst of calls that all ring must not slip through below the bound together."""
        for owner, rate in hold.charges:
            self._owner(owner).reserved += calls * cost(rate, rate.increment)

    def _settle(self, hold: Hold, seconds: float, now: float) -> None:
        day = self._days.day(now)
        for owner, rate in hold.charges:
            self._owner(owner).spend.settle(cost(rate, seconds), day)
