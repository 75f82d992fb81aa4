"""Thousands of calls in a row through one worker: its memory stops growing.

The pool replaces a worker after `WORN` calls, so no worker ever serves all of them; memory is measured by process, just
before such a replacement where one is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from gateway.sip.pool import WORN
from scenarios.bench.figure import Figure, most
from scenarios.bench.length import Length
from scenarios.bench.node import Node, running_node
from scenarios.bench.processes import pss_mb
from scenarios.bench.traffic import Traffic

MARKS = (500, 1000, 2000, 3000, 4000)
EARLY = 10  # calls before a replacement at which memory is measured
RATE = 200  # calls a second at most; one is up at a time
STEADY_MB = 0.1  # growth that is not one


class Sample(NamedTuple):
    """A worker after so many calls of this run."""

    calls: int
    pid: int
    pss: float


def worker(length: Length) -> Iterator[Figure]:
    """4,000 calls in a row through a node of one worker."""
    with running_node(workers=1, max_calls=2) as node:
        samples, failed = _run(node, length)
    yield Figure("one worker: calls failed", failed, f"of {samples[-1].calls:,}", most(0))
    yield Figure(
        "one worker: growth in the last 1,000", _growth(samples), "MB", most(STEADY_MB), _story(samples)
    )


def _run(node: Node, length: Length) -> tuple[list[Sample], int]:
    samples: list[Sample] = []
    failed = done = 0
    for mark in _marks(length):
        with Traffic(node, RATE, mark - done, at_once=1) as traffic:
            outcome = traffic.finish()
        done, failed = mark, failed + outcome.failed
        node.settle()
        pid = node.workers[0]
        samples.append(Sample(done, pid, pss_mb(pid)))
        length.tell(f"{done} calls: {outcome}; worker {pid}: {samples[-1].pss:.2f} MB")
    return samples, failed


def _marks(length: Length) -> list[int]:
    return [mark - EARLY if mark % WORN == 0 else mark for mark in (round(length.of(each)) for each in MARKS)]


def _growth(samples: list[Sample]) -> float:
    """Between the last two samples of one worker."""
    spans = [b.pss - a.pss for a, b in pairwise(samples) if a.pid == b.pid]
    return spans[-1] if spans else float("inf")


def _story(samples: list[Sample]) -> str:
    pids = list(dict.fromkeys(sample.pid for sample in samples))
    told = (f"{each.calls:,}: {each.pss:.2f} MB (worker {pids.index(each.pid) + 1})" for each in samples)
    return ", ".join(told) + f"; replaced after {WORN:,} calls"
