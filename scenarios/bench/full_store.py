"""The largest policy in a database: imported, and compiled from nothing. How long both take is told on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.config import DATABASE
from gateway.policy.inbound import InboundRules
from gateway.policy.snapshot import SigningRules
from gateway.store.compiler import Compiler
from gateway.store.database import open_database
from gateway.store.migration import migrate
from gateway.store.store import Store
from gateway.store.watcher import snapshot_path
from scenarios.bench import full_policy
from scenarios.bench.figure import Figure, most

REBUILD_SECONDS = 5


def database_url(state_dir: Path) -> str:
    """Of the database in a node's folder."""
    return f"sqlite:///{state_dir / DATABASE}"


def importing(state_dir: Path, document: Mapping[str, Any] | None = None) -> Iterator[Figure]:
    """Make the database in a node's folder, as `gateway import` does; of the full policy, or of this."""
    engine = open_database(database_url(state_dir))
    migrate(engine)
    store = Store(engine, time.time)
    begun = time.perf_counter()
    loaded = store.load(document or full_policy.document(), "bench")
    took, count = time.perf_counter() - begun, sum(loaded.counts.values())
    yield Figure(f"import of {count:,} entries", took, "s", note=f"{count / took:,.0f}/s")
    begun = time.perf_counter()
    count = sum(store.put_numbers(group, full_policy.listed(group), "bench") for group in full_policy.GROUPS)
    took = time.perf_counter() - begun
    yield Figure(f"import of {count:,} listed numbers", took, "s", note=f"{count / took:,.0f}/s")
    engine.dispose()


def compiling(state_dir: Path) -> Iterator[Figure]:
    """Make the snapshot in a node's folder of the database there."""
    compiler = Compiler(database_url(state_dir), snapshot_path(state_dir), SigningRules(), InboundRules())
    begun = time.perf_counter()
    outcome = compiler.compile(None)
    if outcome.problem:
        raise RuntimeError(outcome.problem)
    yield Figure("rebuild from nothing", time.perf_counter() - begun, "s", most(REBUILD_SECONDS))
