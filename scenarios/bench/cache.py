"""Thousands of certificates in the cache: the memory they take, the time one is found in, and what a restart costs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from gateway import log
from scenarios.bench.figure import Figure
from scenarios.bench.length import Length
from tests.trust.chain_figures import Figures, measure

CERTIFICATES = 10_000


def cache(length: Length) -> Iterator[Figure]:
    """Distinct certificates, in a process of their own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        found = other.submit(_measured, round(length.of(CERTIFICATES))).result()
    many, each = f"{found.certificates:,} certificates", f"{found.memory / 1024:.1f} kB each"
    yield Figure(f"{many}: memory", found.certificates * found.memory / (1 << 20), "MB", note=each)
    yield Figure(f"{many}: one found", found.hit, "µs")
    restart = found.from_disk * found.certificates / 1000
    yield Figure(
        f"{many}: all read after a restart", restart, "s", note="from disk, judged anew, as asked for"
    )
    yield Figure("a certificate nobody has", found.cold, "ms", note="fetched on loopback, judged, kept")


def _measured(certificates: int) -> Figures:
    log.setup("warning")
    return measure(certificates)
