"""What it costs to know whether a token was used before: a table on disk, shared by the processes of a node."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_urlsafe
from tempfile import TemporaryDirectory

from gateway.trust.replay import Table
from scenarios.bench.figure import Figure
from scenarios.bench.length import Length

TOKENS = 30_000
FRESH_SECONDS = 60.0
CALLS_A_SECOND = 400  # by the clock that the table is given


def replay(length: Length) -> Iterator[Figure]:
    """Tokens of so many calls, each asked about twice; the oldest run out meanwhile."""
    signatures = [token_urlsafe(64) for _ in range(round(length.of(TOKENS)))]
    with TemporaryDirectory(prefix="gateway-bench-") as folder:
        table = Table(Path(folder, "replay.sqlite"))
        first = _each_us(table.seen, signatures)
        again = _each_us(table.seen, signatures[-1000:])
        table.close()
    yield Figure("replay: a token's first use", first, "µs", note=f"{len(signatures):,} tokens, wall clock")
    yield Figure("replay: the same call again", again, "µs")


def _each_us(seen: Callable[[str, str, float, float], bool], signatures: list[str]) -> float:
    start = time.perf_counter()
    for number, signature in enumerate(signatures):
        now = number / CALLS_A_SECOND
        seen(signature, signature, now, now + FRESH_SECONDS)
    return (time.perf_counter() - start) / len(signatures) * 1e6
