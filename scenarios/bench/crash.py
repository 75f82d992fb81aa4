"""One worker killed under load: its calls end, at both ends and soon; no other call notices; another worker takes its place."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

from scenarios.bench.figure import Figure, most
from scenarios.bench.length import Length
from scenarios.bench.node import Node, running_node
from scenarios.bench.processes import has_udp_socket
from scenarios.bench.traffic import Outcome, Seen, Traffic, seen
from tests.integration.sipp import wait_for

RATE, CALL_SECONDS = 100, 2  # 200 calls at a time
WORKERS = 110  # so many that a lost one is missed, and so replaced
SECONDS = 20
REPLACEMENT_SECONDS = 10.0  # after that there is none


@dataclass(frozen=True, slots=True)
class Loss:
    """The worker that was killed at `at`, and how long until there was another."""

    at: float
    replaced_after: float


def crash(length: Length) -> Iterator[Figure]:
    """kill -9 of one worker among 100 calls a second of 2 s."""
    seconds = max(6.0, length.of(SECONDS))
    with running_node(workers=WORKERS, max_calls=2 * WORKERS) as node:
        with Traffic(node, RATE, round(RATE * seconds), hold_ms=CALL_SECONDS * 1000) as traffic:
            time.sleep(seconds / 2)
            loss = _kill_one(node)
            outcome = traffic.finish()
        node.settle()
        length.tell(str(outcome))
        yield from _figures(node, loss, outcome)


def _kill_one(node: Node) -> Loss:
    before = set(node.workers)
    at = time.time()
    os.kill(max(before), signal.SIGKILL)
    wait_for(lambda: _newcomer_serves(node, before), "another worker", seconds=REPLACEMENT_SECONDS)
    return Loss(at, time.time() - at)


def _newcomer_serves(node: Node, before: set[int]) -> bool:
    return any(has_udp_socket(pid) for pid in set(node.workers) - before)


def _figures(node: Node, loss: Loss, outcome: Outcome) -> Iterator[Figure]:
    held = sum(line["calls"] for line in node.events("worker.died"))
    lost = {line["call"] for line in node.events("call") if line.get("ended_by") == "worker-lost"}
    note = f"{held} were in the worker, {len(lost)} ended by the gateway"
    yield Figure(
        "killed worker: calls lost", outcome.failed, f"of {outcome.wanted:,}", most(node.slots), note
    )
    yield Figure("killed worker: other calls lost", outcome.failed - len(lost), "", most(0))
    caller, carrier = _caller_told(node, loss), _carrier_told(node, loss, lost)
    heard = f"{len(caller)} callers, {len(carrier)} callees told"
    untold = [float("inf")] * (len(lost) - len(caller))
    yield Figure(
        "killed worker: last far end told after", max([0.0, *caller, *carrier, *untold]), "s", most(2), heard
    )
    yield Figure("killed worker: another serves after", loss.replaced_after, "s", most(2))


def _caller_told(node: Node, loss: Loss) -> list[float]:
    """When callers heard a BYE or a refusal, which they never do in a call that goes well; seconds after the loss."""
    ends = {each.call_id: each.at - loss.at for each in seen(node, "caller") if each.received and _ends(each)}
    return list(ends.values())


def _carrier_told(node: Node, loss: Loss, lost: set[str]) -> list[float]:
    """When the called sides of the lost calls heard a BYE or a CANCEL; infinity for one that was called and did not."""
    told: dict[str, float] = {}
    for each in seen(node, "callee"):
        token = each.call_id.partition("@")[0]
        if token in lost:
            told.setdefault(token, float("inf"))
            if each.received and each.start.startswith(("BYE", "CANCEL")):
                told[token] = min(told[token], each.at - loss.at)
    return list(told.values())


def _ends(message: Seen) -> bool:
    return message.start.startswith(("BYE", "SIP/2.0 4", "SIP/2.0 5", "SIP/2.0 6"))
