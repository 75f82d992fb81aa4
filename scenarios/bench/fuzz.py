"""A hundred thousand spoiled messages mixed with calls: nobody dies, no call fails, nothing is kept."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from scenarios.bench.figure import Figure, most
from scenarios.bench.fuzzer import WINDOW, Fuzzer
from scenarios.bench.length import Length
from scenarios.bench.node import Node, running_node
from scenarios.bench.processes import rss_mb
from scenarios.bench.traffic import Traffic

MESSAGES, A_SECOND = 100_000, 2_500
CALLS_A_SECOND, HOLD_MS = 50, 500
SEED = 4475
FORGET_SECONDS = 120.0  # a call that nobody acknowledges is given up after 32 s, and forgotten 40 s later


def fuzz(length: Length) -> Iterator[Figure]:
    """Spoiled messages from the peers' own addresses while calls go on."""
    messages = round(length.of(MESSAGES))
    calls = round(messages / A_SECOND * CALLS_A_SECOND)
    with running_node() as node, contextlib.closing(Fuzzer(node, SEED)) as fuzzer:
        pids = node.pids
        with Traffic(node, CALLS_A_SECOND, calls, hold_ms=HOLD_MS) as traffic:
            memory = _fuzzed(node, fuzzer, messages)
            length.tell(f"{fuzzer.sent:,} sent (seed {SEED}), heard {dict(fuzzer.heard.most_common(12))}")
            slots_free, forgotten = _rest(node, fuzzer)
            outcome = traffic.finish()
        length.tell(f"calls: {outcome}")
        yield from _survived(node, pids, fuzzer, length)
        failed = f"of {outcome.wanted:,}"
        yield Figure("fuzz: calls failed", outcome.failed, failed, most(0), f"{CALLS_A_SECOND}/s meanwhile")
        forgotten_too = f"every call forgotten after {forgotten:.0f} s"
        yield Figure("fuzz: every slot free after", slots_free, "s", most(60), forgotten_too)
        yield _kept(memory)


def _fuzzed(node: Node, fuzzer: Fuzzer, messages: int) -> tuple[float, float, float]:
    """Send them; the edge's memory before, half way and after, in MB."""
    edge = node.pids["edge"]
    before = rss_mb(edge)
    fuzzer.run(messages // 2, A_SECOND)
    half = rss_mb(edge)
    fuzzer.run(messages // 2, A_SECOND)
    fuzzer.leave()
    return before, half, rss_mb(edge)


def _survived(node: Node, pids: dict[str, int], fuzzer: Fuzzer, length: Length) -> Iterator[Figure]:
    dead, complaints = _dead(node, pids), _complaints(node)
    for line in [*dead, *complaints][:5]:
        length.tell(line)
    by_plan = f"{fuzzer.sent:,} messages; {_by_plan(node)} workers ended by plan"
    yield Figure("fuzz: processes that died", len(dead), "", most(0), by_plan)
    asked = f"an OPTIONS every {WINDOW} messages"
    yield Figure("fuzz: times the edge went silent", fuzzer.silences, "", most(0), asked)
    yield Figure("fuzz: errors in the log", len(complaints), "", most(0))


def _kept(memory: tuple[float, float, float]) -> Figure:
    """What the first half takes are tables of a bounded size; the second half should find them there."""
    before, half, after = memory
    story = f"RSS {before:.0f} → {half:.0f} → {after:.0f} MB"
    return Figure("fuzz: edge grew in the second half", after - half, "MB", note=story)


def _rest(node: Node, fuzzer: Fuzzer) -> tuple[float, float]:
    """Seconds until every slot was free, and until every call was forgotten; infinity for what did not come."""
    begun = time.monotonic()
    slots_free = float("inf")
    while (waited := time.monotonic() - begun) < FORGET_SECONDS:
        fuzzer.listen(0.2)
        status = node.status
        if status and status.slots_free == status.workers * node.slots:
            slots_free = min(slots_free, waited)
            if not status.calls:
                return slots_free, waited
    return slots_free, float("inf")


def _dead(node: Node, before: dict[str, int]) -> list[str]:
    """Processes that ended against the plan."""
    others = [name for name, pid in before.items() if node.pids[name] != pid]
    workers = [f"worker: {each}" for each in node.events("worker.died")]
    return others + workers


def _by_plan(node: Node) -> int:
    return len(node.events("worker.retired"))


def _complaints(node: Node) -> list[str]:
    """Log lines that say something went wrong inside: errors, and whatever is not a log line at all."""
    lines = (node.folder / "gateway.log").read_text(errors="replace").splitlines()
    return [line[:300] for line in lines if '"level": "error"' in line or not line.startswith("{")]
