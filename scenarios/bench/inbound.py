"""A carrier's signed calls, ever more of them a second until one fails: what does a verified call cost, how far can it rise?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, cycle, islice

from scenarios.bench.figure import Bound, Figure, least, most
from scenarios.bench.length import Length
from scenarios.bench.load import BEGUN, RUNG, RUNG_SECONDS
from scenarios.bench.node import Cpu
from scenarios.bench.traffic import Outcome, signed_calls
from scenarios.bench.verifying import Verifying, verifying_node

CALLED = "12155550123"
# What is asked of edge and workers together: 0.8 of what Asterisk takes for the same calls.
BOUNDS = {100: most(4.08, others="Asterisk 5.1"), 300: most(3.2, others="Asterisk 4.0")}


@dataclass(frozen=True, slots=True)
class _Rung:
    """One rate: what came of its calls, how many of them were verified, and what they cost."""

    rate: int
    outcome: Outcome
    verified: int
    used: Cpu

    @property
    def clean(self) -> bool:
        asked = self.outcome.wanted
        return self.verified == self.outcome.succeeded == asked and self.outcome.rate >= BEGUN * self.rate


def inbound(length: Length) -> Iterator[Figure]:
    """From 100 calls a second upwards, each with a token of its own, certificates known."""
    with verifying_node() as gateway:
        _run(gateway, RUNG, 1.0)  # fetches the certificates
        clean = 0
        for rate in count(RUNG, RUNG):
            rung = _run(gateway, rate, length.of(RUNG_SECONDS))
            length.tell(f"inbound {rate}/s asked; {rung.verified} verified; {rung.outcome}")
            if not rung.clean:
                break
            clean = rate
            yield from _figures(rung)
    highest = least(400, others="Asterisk 400")
    yield Figure("inbound: highest clean rate", clean, "calls/s", highest, f"next tried: {rate}")


def _run(gateway: Verifying, rate: int, seconds: float) -> _Rung:
    calls = islice(cycle((url, CALLED) for url in gateway.sound_urls("known")), round(rate * seconds))
    signed = gateway.signed(calls)
    node, verified, before = gateway.node, gateway.verdicts.get("passed", 0), gateway.node.cpu
    outcome = signed_calls(node, rate, signed)
    node.settle()  # what the edge does when it forgets a call belongs to the call
    return _Rung(rate, outcome, gateway.verdicts["passed"] - verified, node.cpu.since(before))


def _figures(rung: _Rung) -> Iterator[Figure]:
    n, what = rung.outcome.wanted, f"inbound {rung.rate}/s"
    edge, workers = rung.used.edge / n, rung.used.workers / n
    bound: Bound | None = BOUNDS.get(rung.rate)
    yield Figure(f"{what}: CPU", edge + workers, "ms/call", bound, f"edge {edge:.2f}, workers {workers:.2f}")
    p50, p99 = rung.outcome.percentile(50), rung.outcome.percentile(99)
    yield Figure(f"{what}: INVITE→200, p99", p99, "ms", note=f"p50 {p50:.1f}")
