"""Memory with 200 calls up, and what is left of a storm a minute after it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from scenarios.bench.figure import Figure, most
from scenarios.bench.length import Length
from scenarios.bench.load import RATE
from scenarios.bench.node import Node, running_node
from scenarios.bench.traffic import Traffic, calls

CALL_SECONDS, CALLS_A_SECOND = 10, 20  # 200 at a time
BOUND = most(400, 250, "Asterisk 148")


def memory(length: Length) -> Iterator[Figure]:
    """200 concurrent calls of 10 s, then 400 calls a second, then rest."""
    with running_node() as node:
        yield from _concurrent(node, length)
        outcome = calls(node, RATE, length.of(30))
        length.tell(f"storm: {outcome}; {_total(node.pss_mb()):.0f} MB")
        time.sleep(length.of(60))
        after = node.pss_mb()
        length.tell(f"at rest: {_apart(after)}")
        yield Figure(f"PSS a minute after {RATE} calls/s", _total(after), "MB", BOUND, _apart(after))


def _concurrent(node: Node, length: Length) -> Iterator[Figure]:
    hold, seconds = length.of(CALL_SECONDS), length.of(60)
    with Traffic(
        node, CALLS_A_SECOND, round(CALLS_A_SECOND * seconds), hold_ms=round(hold * 1000)
    ) as traffic:
        time.sleep((hold + seconds) / 2)  # well between the first end and the last beginning
        up = node.pss_mb()
        status = node.status
        outcome = traffic.finish()
    length.tell(f"{CALLS_A_SECOND}/s of {hold:g} s: {outcome}; {_apart(up)}")
    held = f"of {outcome.wanted:,}"
    yield Figure("200 calls of 10 s: calls failed", outcome.failed, held, most(0))
    workers = f"{status.workers} workers" if status else ""
    yield Figure("200 calls of 10 s: PSS", _total(up), "MB", BOUND, f"{workers}; {_apart(up)}")


def _total(apart: dict[str, float]) -> float:
    return sum(apart.values())


def _apart(apart: dict[str, float]) -> str:
    return ", ".join(f"{name} {mb:.0f}" for name, mb in apart.items())
