"""Three nodes behind a front: one of them is killed, all hold one bound together, Redis and PostgreSQL go and come back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from scenarios.bench.figure import Figure, least, most
from scenarios.bench.length import Length
from scenarios.bench.nodes import Several, several_nodes
from scenarios.bench.traffic import Outcome, Seen, Traffic, calls, seen
from tests.integration.sipp import wait_for

RATE = 300
AWAY_RATE = 200
"""Three nodes, both databases and SIPp fill two cores with more, and then calls fail for want of time."""

SECONDS = 20.0
WARM_UP_SECONDS = 6.0
PATIENCE_MS = 10_000
WORKERS = 60
NO_BOUND = 100_000

BOUND, HELD_SECONDS = 100, 2.0
"""Calls at once of the account, and how long each lasts: twice as many are tried."""

AWAY_SECONDS = 4.0
QUICK = 1.5
"""Seconds: a call whose set-up takes longer has waited for more than one node that is silent."""


@dataclass(frozen=True, slots=True)
class Killed:
    """What became of the calls when a node was killed. Seconds are from then on; `before`: lost calls that had begun by then,
    `after`: that had not. slow_until: when the last call began that was lost or waited long."""

    outcome: Outcome
    before: int
    after: int
    slow_until: float


def cluster(length: Length) -> Iterator[Figure]:
    """All of it."""
    with several_nodes(WORKERS, NO_BOUND) as nodes:
        length.tell(f"warm-up: {calls(nodes.front, RATE // 2, WARM_UP_SECONDS)}")
        for name, away, back in (
            ("Redis", nodes.redis.kill, nodes.redis.start),
            ("PostgreSQL", nodes.postgres.kill, nodes.postgres.start),
        ):
            outcome = without(nodes, AWAY_RATE, max(8.0, length.of(SECONDS)), away, back)
            length.tell(f"{name} killed and back: {outcome}; refused: {refusals(nodes)}")
            what = f"three nodes, {name} killed and back: calls failed"
            yield Figure(what, outcome.failed, f"of {outcome.wanted:,}", most(0))
        killed = one_killed(nodes, RATE, max(8.0, length.of(SECONDS)))
        length.tell(f"one node killed: {killed.outcome}")
    lost = f"{killed.before} in set-up or up, {killed.after} begun later"
    yield Figure("three nodes, one killed: calls lost", killed.outcome.failed, "", None, lost)
    yield Figure("three nodes, one killed: calls lost that began later", killed.after, "", most(0))
    yield Figure("three nodes, one killed: new calls go on as before after", killed.slow_until, "s", most(2))
    with several_nodes(WORKERS, BOUND) as nodes:
        length.tell(f"warm-up: {calls(nodes.front, BOUND // 2, WARM_UP_SECONDS)}")
        peak = held_at_once(nodes, BOUND, max(6.0, length.of(SECONDS)))
    yield Figure(
        "three nodes: most calls at once, of the bound", peak / BOUND, "", most(1.02), f"{peak} of {BOUND}"
    )
    yield Figure("three nodes: the bound is used", peak / BOUND, "", least(0.98))


def without(
    nodes: Several, rate: int, seconds: float, away: Callable[[], None], back: Callable[[], None]
) -> Outcome:
    """Calls while something that the nodes share goes away, and comes back."""
    with Traffic(nodes.front, rate, round(rate * seconds)) as traffic:
        time.sleep(seconds / 4)
        away()
        time.sleep(min(AWAY_SECONDS, seconds / 2))
        back()
        return traffic.finish()


def refusals(nodes: Several) -> dict[str, int]:
    """What callers of the last traffic heard instead of an answer, and how often."""
    heard = (each.start for each in seen(nodes.front, "caller") if each.received)
    return dict(Counter(start for start in heard if start[8:9] in "3456"))


def one_killed(nodes: Several, rate: int, seconds: float) -> Killed:
    """Calls while the last node is killed; callers give up some time, for whoever hangs on its line hears nothing any more."""
    with Traffic(nodes.front, rate, round(rate * seconds), patience_ms=PATIENCE_MS) as traffic:
        time.sleep(seconds / 2)
        nodes.members[-1].kill()
        at = time.time()
        outcome = traffic.finish()
    begun, set_up, ended = _ladder(seen(nodes.front, "caller"))
    lost = [begun[call] - at for call in begun.keys() - ended.keys()]
    slow = [begun[call] - at for call in set_up if set_up[call] - begun[call] > QUICK]
    return Killed(
        outcome,
        before=sum(1 for each in lost if each <= 0),
        after=sum(1 for each in lost if each > 0),
        slow_until=max((each for each in (*lost, *slow) if each > 0), default=0.0),
    )


def _ladder(messages: Iterable[Seen]) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """When each call's INVITE was sent first, when it was answered 200, when its BYE was."""
    begun: dict[str, float] = {}
    set_up: dict[str, float] = {}
    ended: dict[str, float] = {}
    for at, received, call_id, cseq, start in messages:
        if start.startswith("INVITE"):
            begun.setdefault(call_id, at)
        elif received and start.startswith("SIP/2.0 200"):
            (set_up if cseq.endswith("INVITE") else ended).setdefault(call_id, at)
    return begun, set_up, ended


def held_at_once(nodes: Several, bound: int, seconds: float) -> int:
    """The most calls that the carrier had at once, where twice as many are tried as the account may have."""
    rate = round(2 * bound / HELD_SECONDS)
    with Traffic(nodes.front, rate, round(rate * seconds), hold_ms=round(HELD_SECONDS * 1000)) as traffic:
        traffic.finish()
    wait_for(nodes.is_idle, "every call to end")
    changes = sorted(_begins_and_ends(seen(nodes.front, "callee")))
    return max(accumulate(change for _, change in changes), default=0)


def _begins_and_ends(messages: Iterable[Seen]) -> Iterator[tuple[float, int]]:
    """Of each call at the carrier: from its 200 to its BYE."""
    answered: set[str] = set()
    over: set[str] = set()
    for at, received, call_id, cseq, start in messages:
        if (
            not received
            and start.startswith("SIP/2.0 200")
            and cseq.endswith("INVITE")
            and call_id not in answered
        ):
            answered.add(call_id)
            yield at, 1
        elif received and start.startswith("BYE") and call_id not in over:
            over.add(call_id)
            yield at, -1
