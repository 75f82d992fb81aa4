"""What calls do to the live counters: every decision and every end is told to `Usage`, and what it blocks is told on.

An accepted call holds a place from `began` to `ended`, however it ends. An emergency call is not counted at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from gateway.decision import Deliver, Forward, Parties, Refuse
from gateway.policy.blocks import Block, BlockType
from gateway.policy.elsewhere import Figures
from gateway.policy.holds import Hold
from gateway.policy.incidents import Incident
from gateway.policy.snapshot import Snapshot
from gateway.policy.territory import is_premium
from gateway.policy.usage import Outcome, Usage

UNAVAILABLE = 480
"""The called end was reached and nobody there took the call (RFC 3261 §21.4.18)."""
GIVEN_UP = frozenset({408, 487})
"""Somebody stopped waiting. Only where it rang was that for the callee: else a carrier was silent, or slow."""


class Release(Protocol):
    """A block that was taken away by hand at `at` (epoch seconds)."""

    @property
    def type(self) -> BlockType: ...

    @property
    def subject(self) -> str: ...

    @property
    def at(self) -> float: ...


class Ledger:
    """The counters of one edge. `snapshot` is the policy in force, `now` the epoch seconds, `tell` hears of each block."""

    def __init__(
        self, snapshot: Callable[[], Snapshot], now: Callable[[], float], tell: Callable[[Block], None]
    ) -> None:
        self.usage = Usage()
        self._snapshot, self._now, self._tell = snapshot, now, tell

    def decided(self, decision: Refuse | Forward | Deliver) -> None:
        """A new call was decided, either way."""
        self.judged(decision.parties, decision.rule if isinstance(decision, Refuse) else None)

    def judged(self, parties: Parties | None, refused_by: str | None) -> None:
        """The same of a decision made elsewhere; `refused_by` is the rule, None where the call may go on."""
        now = self._now()
        if parties is None or parties.emergency:
            return
        parameters = self._snapshot().parameters
        premium = bool(parameters.malicious_premium_share and parties.callee and is_premium(parties.callee))
        self._told(self.usage.attempted(parties.caller, premium, parameters, now))
        if refused_by is not None:
            self._told(self.usage.refused(parties.account, parties.source, refused_by, parameters, now))

    def began(self, hold: Hold | None) -> None:
        """A call was accepted."""
        if hold:
            self._told(self.usage.began(hold, self._now()))

    def answered(self, hold: Hold | None) -> None:
        """It was answered."""
        if hold:
            self.usage.answered(hold, self._now())

    def ended(self, hold: Hold | None, record: Mapping[str, Any], answered_at: float | None) -> None:
        """It is over; `record` says how, `answered_at` since when it was up (epoch seconds)."""
        if hold:
            parameters = self._snapshot().parameters
            self._told(self.usage.ended(hold, outcome_of(record), answered_at, parameters, self._now()))

    def resumed(self, hold: Hold | None, answered_at: float | None) -> None:
        """A call of an edge before this one goes on."""
        if hold:
            self.usage.resumed(hold, answered_at)

    def follow(self) -> None:
        """Go by the parameters of the policy in force, though no call brings them: in which day money is counted, say."""
        self.usage.learn(self._snapshot().parameters)

    def learn(self, released: Iterable[Release], blocks: Iterable[Block]) -> None:
        """What operators and other nodes have let in again, and kept out."""
        for each in released:
            self.usage.release(each.type, each.subject, each.at)
        for block in blocks:
            self.usage.block(block)

    # What other nodes tell

    def heard(self, node: str, owner: str, used: Figures, begun: int) -> None:
        """What another node uses of an owner now, and how many calls it has begun."""
        self.usage.heard(node, owner, used, begun, self._now())

    def forgotten(self, node: str) -> None:
        """Another node is gone, and its calls with it."""
        self.usage.forgotten(node)

    def happened(self, incident: Incident) -> None:
        """Something that the dynamic black list counts; what it blocks is told from here too, for each node counts alike."""
        parameters = self._snapshot().parameters
        self._told(self.usage.happened(incident, parameters, self._now()))

    def blocked(self, blocks: Iterable[Block]) -> None:
        """What another node has put on the dynamic black list, and has told."""
        self.learn((), blocks)

    def _told(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            self._tell(block)
            if self.usage.news is not None:
                self.usage.news.blocked(block)


def outcome_of(record: Mapping[str, Any]) -> Outcome:
    """How a call went: answered; nobody there, or rung for nothing; or refused, or it never came that far."""
    code = record.get("code", 0)
    if 200 <= code < 300:
        return "answered"
    rang_for_nothing = code in GIVEN_UP and "progress" in record
    nobody_there = code == UNAVAILABLE and record.get("ended_by") != "redirect"
    return "no-answer" if nobody_there or rang_for_nothing else "failed"
