"""What the edge counts, and how it becomes Prometheus text.

The edge must not serve HTTP, so it writes what it knows to a small JSON file once a second; the sidecar
reads that file and turns it into metric families. `FAMILIES` is the list of names: they are stable,
dashboards rely on them.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import TypeAdapter

from gateway.shared.status import SharedStatus
from gateway.store.files import replace

FRESH = 5.0
"""Seconds after which a status says nothing about the edge any more."""

FAMILIES: dict[str, tuple[tuple[str, ...], str]] = {
    "calls": (("peer", "code"), "Calls ended or refused, by source peer and final SIP code."),
    "decisions": (("peer", "attest", "rule"), "Decisions of the engine, by the rule that made them."),
    "verifications": (("peer", "reason"), "Carriers' calls verified, by outcome."),
    "complaints": (("carrier", "cause"), "Calls of which a carrier found our signature wrong (RFC 9410)."),
    "blocks": (("type", "why"), "Entries that the dynamic black list got by itself."),
    "messages_refused": (("reason",), "SIP messages dropped or refused before they became a call."),
    "options_answered": (("code",), "OPTIONS keep-alives answered."),
    "worker_exits": (("reason",), "Worker processes that ended."),
}
"""Counters by short name: labels and help. Exported as `stirgw_<name>_total`."""


SETUP_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)
"""Seconds: upper bounds of the buckets of `stirgw_call_setup_seconds`."""

CounterRow = tuple[str, dict[str, str], int]


class Histogram:
    """Counts durations by bucket; one observation is one search and two additions."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._total += seconds

    def value(self) -> Observed:
        """What was counted so far."""
        return Observed(tuple(self._counts), self._total)


@dataclass(frozen=True, slots=True)
class Observed:
    """The state of a histogram: how many fell into each bucket, the last one without a bound, and the sum of all."""

    counts: tuple[int, ...] = (0,) * (len(SETUP_BOUNDS) + 1)
    total: float = 0.0


class Counters:
    """Counts events by name and label values; one increment is one dictionary update. setup: how long calls took to ring."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, tuple[str, ...]], int] = {}
        self.setup = Histogram(SETUP_BOUNDS)

    def inc(self, name: str, *labels: str, by: int = 1) -> None:
        """Count one event of a family of `FAMILIES`, its label values in the order listed there."""
        key = name, labels
        self._values[key] = self._values.get(key, 0) + by

    def rows(self) -> tuple[CounterRow, ...]:
        """Every counter as (name, labels, value); KeyError or ValueError for one that is not in FAMILIES."""
        return tuple(
            (name, dict(zip(FAMILIES[name][0], labels, strict=True)), value)
            for (name, labels), value in self._values.items()
        )


@dataclass(frozen=True, slots=True)
class EdgeStatus:
    """What the edge said about itself at `at` (seconds since the epoch), which began at `started`.

    `revision` is that of the policy in force, `credentials_revision` that of the keys and certificates, and
    `credential_problems` what of them could not be read. `records_lost` counts the records of calls that found no room in
    the spool, `setup` how long calls took to ring. `shared` is how it stands with other nodes, None where nothing is shared.
    """

    at: float
    ready: bool
    draining: bool
    calls: int
    workers: int
    slots_free: int
    revision: str = "none"
    records_lost: int = 0
    credentials_revision: int = 0
    credential_problems: tuple[str, ...] = ()
    counters: tuple[CounterRow, ...] = ()
    started: float = 0.0
    setup: Observed = Observed()
    shared: SharedStatus | None = None


def status_path(state_dir: Path) -> Path:
    """Where the edge of this node leaves its status."""
    return state_dir / "run" / "edge.json"


def write_status(path: Path, status: EdgeStatus) -> None:
    """Leave the edge's status for the sidecar; does not wait for the disk, so an event loop may do it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, json.dumps(asdict(status)).encode(), durable=False)


def read_status(path: Path) -> EdgeStatus | None:
    """The status the edge left last, or None if there is none that can be read."""
    try:
        return TypeAdapter(EdgeStatus).validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


def fresh_status(path: Path, now: float) -> EdgeStatus | None:
    """The edge's status if it was written in the last `FRESH` seconds."""
    status = read_status(path)
    return status if status and abs(now - status.at) < FRESH else None


class EdgeStatusCollector(Collector):
    """Turns the edge's status into Prometheus families; a stale status yields `stirgw_edge_up 0` alone."""

    def __init__(self, status: Callable[[], EdgeStatus | None]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """The families as they stand now."""
        status = self._status()
        yield _gauge("edge_up", "1 if the edge reported in the last seconds.", status is not None)
        if status is None:
            return
        yield _gauge("edge_ready", "1 if the edge serves calls.", status.ready)
        yield _gauge(
            "edge_draining",
            "1 if the edge takes no new calls, because the node stops or is drained.",
            status.draining,
        )
        yield _gauge("calls_active", "Calls held now.", status.calls)
        yield _gauge("workers", "Worker processes alive.", status.workers)
        yield _gauge("slots_free", "Calls the workers have room for.", status.slots_free)
        lost = "Records of calls that found no room in the spool."
        yield CounterMetricFamily("stirgw_records_lost", lost, value=status.records_lost)
        started = "When the edge started, in seconds since the epoch; it counts from there."
        yield _gauge("edge_start_time_seconds", started, status.started)
        yield _setup_family(status.setup)
        if status.shared:
            yield from _shared_families(status.shared)
        yield from _counter_families(status.counters)


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"stirgw_{name}", help_text, value=value)


def _shared_families(shared: SharedStatus) -> Iterator[Metric]:
    yield _gauge("shared_state_up", "1 if Redis carries what nodes tell each other.", shared.up)
    yield _gauge("shared_nodes", "Other nodes heard lately.", len(shared.nodes))
    dropped = "What other nodes, or somebody else, told and nobody understood."
    yield CounterMetricFamily("stirgw_shared_dropped", dropped, value=shared.dropped)


def _setup_family(setup: Observed) -> Metric:
    help_text = "From the INVITE to the first sign of ringing, or to the answer where there was none before."
    bounds = (*map(str, SETUP_BOUNDS), "+Inf")
    buckets = list(zip(bounds, accumulate(setup.counts), strict=True))
    return HistogramMetricFamily("stirgw_call_setup_seconds", help_text, buckets, setup.total)


def _counter_families(rows: Iterable[CounterRow]) -> Iterator[Metric]:
    for name, (labels, help_text) in FAMILIES.items():
        family = CounterMetricFamily(f"stirgw_{name}", help_text, labels=labels)
        for row_name, values, count in rows:
            if row_name == name:
                family.add_metric([values[label] for label in labels], count)
        yield family
