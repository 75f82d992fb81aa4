"""What a new snapshot costs the process that takes it over: memory, time, and how long calls wait meanwhile.

Measured in a process of its own, in which a loop ticks as the edge's does while a thread reads the snapshot.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import uvloop

from gateway import log
from gateway.policy.snapshot import SigningRules
from gateway.policy.usage import Usage
from gateway.store.files import replace
from gateway.store.watcher import Watcher, snapshot_path
from scenarios.bench import full_policy
from scenarios.bench.deciding import calls_of_all, decide_each
from scenarios.bench.figure import Figure, most
from scenarios.bench.processes import private_mb, pss_mb

SWAPS = 8
TICK_SECONDS = 0.001
AROUND_SECONDS = 0.2  # in which the loop ticks before a swap, and again after it
MB = 1 << 20


@dataclass(frozen=True, slots=True)
class _Found:
    """Megabytes that the process grew by when it had mapped the snapshot, and when every account had called; then
    milliseconds of each swap, of the longest wait of the loop in each, and of the longest while nothing was swapped."""

    mapped: float
    used: float
    private: float
    swaps: list[float]
    waits: list[float]
    idle: float


def taking_over(state_dir: Path) -> Iterator[Figure]:
    """Of the snapshot in a node's folder."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        found = other.submit(_measured, state_dir).result()
    size = snapshot_path(state_dir).stat().st_size / MB
    yield Figure("snapshot: file", size, "MB", most(300))
    used = f"{found.private:.0f} of it private; {found.mapped:.0f} MB before the first call"
    yield Figure("snapshot: PSS of a process that uses it", found.used, "MB", most(300), used)
    yield Figure("snapshot: taken over in", max(found.swaps), "ms", note=f"longest of {SWAPS}")
    idle = f"{found.idle:.1f} ms while nothing is swapped"
    yield Figure("snapshot: longest wait of the loop meanwhile", max(found.waits), "ms", note=idle)


def _measured(state_dir: Path) -> _Found:
    log.setup("warning")
    gc.collect()
    gc.set_threshold(50_000, 50, 1000)  # as the edge
    usage = Usage()
    before, own = pss_mb(os.getpid()), private_mb(os.getpid())
    watcher = Watcher(state_dir, SigningRules())
    watcher.changed()
    mapped = pss_mb(os.getpid()) - before
    decide_each(watcher.current, usage, calls_of_all(watcher.current, full_policy.ACCOUNTS))
    used, private = pss_mb(os.getpid()) - before, private_mb(os.getpid()) - own
    swaps, waits = zip(*(_swap(watcher, snapshot_path(state_dir)) for _ in range(SWAPS)), strict=True)
    return _Found(mapped, used, private, list(swaps), list(waits), uvloop.run(_idle()))


def _swap(watcher: Watcher, path: Path) -> tuple[float, float]:
    """Put the snapshot there anew and take it over; milliseconds of that, and of the loop's longest wait."""
    replace(path, path.read_bytes(), durable=False)
    return uvloop.run(_taken_over(watcher))


async def _taken_over(watcher: Watcher) -> tuple[float, float]:
    ticking = asyncio.create_task(_longest_wait())
    await asyncio.sleep(AROUND_SECONDS)
    begun = time.perf_counter()
    if await asyncio.to_thread(watcher.changed) is None:
        raise RuntimeError(f"the snapshot was not taken over: {watcher.problem}")
    took = time.perf_counter() - begun
    return took * 1000, await ticking


async def _idle() -> float:
    return await _longest_wait()


async def _longest_wait() -> float:
    """Milliseconds by which a tick came late, the latest of them."""
    latest, end = 0.0, time.perf_counter() + 2 * AROUND_SECONDS
    while (due := time.perf_counter() + TICK_SECONDS) < end:
        await asyncio.sleep(TICK_SECONDS)
        latest = max(latest, time.perf_counter() - due)
    return latest * 1000
