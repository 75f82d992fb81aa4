"""Calls of no length at a steady rate: does each go through, how fast, at what cost; then how far the rate can rise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

from scenarios.bench.figure import Figure, least, most
from scenarios.bench.length import Length
from scenarios.bench.node import Cpu, Node, running_node
from scenarios.bench.traffic import Outcome, calls

RATE = 400
RUNG = 100  # calls a second between two steps of the ladder
RUNG_SECONDS = 15
ASTERISK = "Asterisk 450"
BEGUN = 0.97  # a rate counts where SIPp began at least this share of its calls in time


def load(length: Length) -> Iterator[Figure]:
    """400 calls a second for a minute."""
    with running_node() as node:
        before, begun = node.cpu, time.monotonic()
        outcome = calls(node, RATE, length.of(60))
        length.tell(str(outcome))
        node.settle()  # what the edge does when it forgets a call belongs to the call
        used, seconds = node.cpu.since(before), time.monotonic() - begun
    yield from _went_through(outcome)
    yield from _cost(used, outcome)
    yield _disturbance(used, outcome, seconds)


def _went_through(outcome: Outcome) -> Iterator[Figure]:
    yield Figure(
        f"{RATE}/s: calls failed",
        outcome.failed,
        f"of {outcome.wanted:,}",
        most(0),
        f"begun at {outcome.rate:.0f}/s",
    )
    yield Figure(f"{RATE}/s: retransmissions", outcome.retransmissions)
    yield Figure(f"{RATE}/s: INVITE→200, p50", outcome.percentile(50), "ms", most(3.5, 2.5))
    yield Figure(f"{RATE}/s: INVITE→200, p99", outcome.percentile(99), "ms", most(8, 4.5))


def _cost(used: Cpu, outcome: Outcome) -> Iterator[Figure]:
    n = outcome.wanted
    yield Figure(f"{RATE}/s: CPU of the edge", used.edge / n, "ms/call", most(1.1, 0.7))
    yield Figure(f"{RATE}/s: CPU of the workers", used.workers / n, "ms/call", most(2.0))
    yield Figure(f"{RATE}/s: CPU, both", (used.edge + used.workers) / n, "ms/call", note="Asterisk 3.6")
    yield Figure(f"{RATE}/s: CPU of SIPp", outcome.sipp_cpu_ms / n, "ms/call", note="both sides, same cores")


def _disturbance(used: Cpu, outcome: Outcome, seconds: float) -> Figure:
    """What everything else on the machine took meanwhile: the figures are as good as this is small."""
    others = used.machine - used.edge - used.workers - outcome.sipp_cpu_ms
    return Figure(f"{RATE}/s: taken by everything else", others / seconds / 10, "% of a core")


def ladder(length: Length) -> Iterator[Figure]:
    """Ever more calls a second until one fails."""
    with running_node() as node:
        clean = 0
        for rate in count(RATE, RUNG):
            if not _clean(node, rate, length):
                break
            clean = rate
        yield Figure("highest clean rate", clean, "calls/s", least(400, 600, ASTERISK), f"next tried: {rate}")


def _clean(node: Node, rate: int, length: Length) -> bool:
    outcome = calls(node, rate, length.of(RUNG_SECONDS))
    length.tell(f"{rate}/s asked; {outcome}")
    return outcome.failed == 0 and outcome.rate >= BEGUN * rate
