"""The rate of door 1 with the largest policy loaded, beside the same with a small one: what policy costs a whole call.

Both gateways run all the time and are called in turns, so that whatever else the machine does falls on both alike.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from scenarios.bench.figure import Figure, most
from scenarios.bench.length import Length
from scenarios.bench.load import RATE
from scenarios.bench.node import Node
from scenarios.bench.traffic import calls

TURNS = 3
SECONDS, WARM_UP_SECONDS = 20, 10
WITHIN = most(1.05)


class _Run(NamedTuple):
    """Calls that failed; milliseconds from INVITE to 200; milliseconds of processor time of the edge for each call."""

    failed: int
    p50: float
    p99: float
    edge: float


def full_load(small: Node, full: Node, length: Length) -> Iterator[Figure]:
    """400 calls a second through each of the two in turns."""
    for node in (small, full):
        calls(node, RATE, length.of(WARM_UP_SECONDS))  # until each has the workers it needs
        node.settle()
    turns = [(_run(small, "small", length), _run(full, "full", length)) for _ in range(TURNS)]
    a, b = (_Run(*map(median, zip(*runs, strict=True))) for runs in zip(*turns, strict=True))
    of = "full policy / small one"
    failed = [sum(run.failed for run in runs) for runs in zip(*turns, strict=True)]
    wanted = round(RATE * length.of(SECONDS)) * TURNS
    yield Figure(
        f"{RATE}/s, full policy: calls failed",
        failed[1],
        f"of {wanted:,}",
        most(0),
        f"{failed[0]} with a small one",
    )
    yield _ratio(f"{RATE}/s, {of}: INVITE→200, p50", b.p50, a.p50, "ms")
    yield _ratio(f"{RATE}/s, {of}: INVITE→200, p99", b.p99, a.p99, "ms")
    yield _ratio(f"{RATE}/s, {of}: CPU of the edge", b.edge, a.edge, "ms/call")


def _ratio(what: str, one: float, other: float, unit: str) -> Figure:
    return Figure(what, one / other, "", WITHIN, f"{one:.2f} / {other:.2f} {unit}, medians of {TURNS} turns")


def _run(node: Node, name: str, length: Length) -> _Run:
    before, begun = node.cpu, time.monotonic()
    outcome = calls(node, RATE, length.of(SECONDS))
    node.settle()
    used, seconds = node.cpu.since(before), time.monotonic() - begun
    others = (used.machine - used.edge - used.workers - outcome.sipp_cpu_ms) / seconds / 10
    edge = used.edge / outcome.wanted
    length.tell(
        f"{name} policy: {outcome}; edge {edge:.2f} ms/call; everything else {others:.0f} % of a core"
    )
    return _Run(outcome.failed, outcome.percentile(50), outcome.percentile(99), edge)
