"""What a record costs on its way from the edge to a row of the call log, in processor time of the two processes.

Files are as the edge hands them over at four hundred calls a second, and records as long as those of its calls. The database is
SQLite; what a server costs would not show in this process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.origid import new_origid
from gateway.policy.areas import Area, AreaTable
from gateway.store.alarms import Alarms
from gateway.store.calls import CallLog
from gateway.store.database import open_database
from gateway.store.drain import Drain
from gateway.store.migration import migrate
from gateway.store.spool import Spool
from gateway.store.store import Store
from scenarios.bench import full_policy
from scenarios.bench.figure import Figure
from scenarios.bench.full_store import database_url
from scenarios.bench.length import Length

FILES = 50
A_FILE = 400  # the calls of a second
BEGAN = 1_800_000_000.0


def records(length: Length) -> Iterator[Figure]:
    """Spooled, then brought in, all of them."""
    files = round(length.of(FILES))
    with TemporaryDirectory(prefix="gateway-bench-") as name:
        folder = Path(name)
        engine = open_database(database_url(folder), synced=False)
        migrate(engine)
        drain = Drain(folder / "spool", "node-1", False, Alarms(time.time))
        areas = AreaTable(Area(**each) for each in full_policy.document()["areas"])
        spooled = _microseconds(lambda: _spool(Spool(folder / "spool", 2**30), files), files)
        begun = time.perf_counter()
        kept = _microseconds(
            lambda: _bring_in(drain, Store(engine, time.time), CallLog(engine), areas), files
        )
        took = time.perf_counter() - begun
        engine.dispose()
    if drain.written != files * A_FILE:
        raise RuntimeError(f"{files * A_FILE} records were spooled and {drain.written} written")
    yield Figure("a record: spooled by the edge", spooled, "µs", note="processor time")
    yield Figure(
        "a record: brought in by the recorder", kept, "µs", note=f"{drain.written / took:,.0f}/s by the clock"
    )


def _microseconds(work: Callable[[], None], files: int) -> float:
    """Processor time of one record."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) / (files * A_FILE) * 1e6


def _spool(spool: Spool, files: int) -> None:
    for file in range(files):
        for place in range(file * A_FILE, (file + 1) * A_FILE):
            spool.add(_record(place))
        spool.close()


def _bring_in(drain: Drain, store: Store, calls: CallLog, areas: AreaTable) -> None:
    while drain.waiting().files:
        drain.run(store, calls, areas)


def _record(place: int) -> dict[str, Any]:
    account, at = place * 7919 % full_policy.ACCOUNTS, BEGAN + place / A_FILE
    caller, callee = full_policy.own_number(account, place), full_policy.far_number(account, place)
    origid = new_origid()
    return {
        "kind": "call", "call": origid[:18], "at": at, "direction": "outbound", "peer": "trunk",
        "source": full_policy.source(account), "call_id": f"{origid}@192.0.2.1", "caller": caller, "callee": callee,
        "caller_dialled": f"+{caller}", "callee_dialled": f"8800{callee}", "account": f"a{account:05}",
        "route": "everywhere", "carrier": "carrier", "rule": f"attest.section:section {account}", "attest": "A",
        "reason": "number-verified", "origid": origid, "iat": int(at), "code": 200, "ended_by": "caller",
        "progress_ms": 2.1, "answered_ms": 3.4, "duration_ms": 60_003.1, "ended_at": at + 60,
    }  # fmt: skip
