"""The largest policy from end to end: imported, compiled, asked by calls, changed under calls, beside a small one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.config import DATABASE
from gateway.store import snapshot_file
from gateway.store.database import open_database
from gateway.store.store import Store
from gateway.store.watcher import snapshot_path
from scenarios.bench import peers_file
from scenarios.bench.deciding import deciding
from scenarios.bench.figure import Figure
from scenarios.bench.full_load import full_load
from scenarios.bench.full_store import compiling, database_url, importing
from scenarios.bench.length import Length
from scenarios.bench.node import Policy, running_node
from scenarios.bench.rebuilding import rebuilding
from scenarios.bench.swapping import swapping
from scenarios.bench.taking_over import taking_over


def policy(length: Length) -> Iterator[Figure]:
    """A million listed numbers, a hundred thousand sections, ten thousand accounts, fifty thousand prefixes."""
    with TemporaryDirectory(prefix="gateway-bench-") as name:
        state_dir = Path(name)
        yield from importing(state_dir)
        yield from compiling(state_dir)
        yield from deciding(snapshot_file.read(snapshot_path(state_dir)), length)
        yield from taking_over(state_dir)
        yield from _with_calls(Policy(peers_file.FULL, state_dir / DATABASE), length)


def _with_calls(largest: Policy, length: Length) -> Iterator[Figure]:
    with running_node(policy=largest) as full:
        with running_node() as small:
            yield from full_load(small, full, length)
        store = Store(open_database(database_url(full.folder / "state")), time.time)
        yield from rebuilding(full, store, length)
        yield from swapping(full, store, length)
        store.engine.dispose()
