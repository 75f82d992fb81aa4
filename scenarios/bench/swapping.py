"""The largest policy changes all the time while calls go on: none of them may notice."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import count

from gateway.store.store import Store
from scenarios.bench.figure import Figure, most
from scenarios.bench.length import Length
from scenarios.bench.node import HERE, Node, gateway
from scenarios.bench.rebuilding import in_force
from scenarios.bench.traffic import Traffic
from tests.integration.sipp import wait_for

RATE = 100
SECONDS, LEAST_SECONDS = 20, 8
EVERY = 2.0  # seconds between two changes
LONGEST = 60.0


def swapping(node: Node, store: Store, length: Length) -> Iterator[Figure]:
    """100 calls a second; every 2 s a change by the store itself, by `gateway import` or by the REST API."""
    seconds = max(LEAST_SECONDS, length.of(SECONDS))
    with Traffic(node, RATE, round(RATE * seconds)) as traffic:
        made, revisions = _changed(node, store, seconds)
        outcome = traffic.finish()
    length.tell(f"swaps: {outcome}; {made} changes, revisions {sorted(revisions)} in force")
    note = f"of {outcome.wanted:,}; p99 {outcome.percentile(99):.1f} ms"
    yield Figure(f"calls lost at {RATE}/s while the policy changes", outcome.failed, "", most(0), note)
    yield Figure(
        "  policies in force meanwhile", len(revisions), "", note=f"{made} changes, {EVERY:g} s apart"
    )
    wait_for(lambda: in_force(node, store.revision()), "the last change to be in force", seconds=LONGEST)


def _changed(node: Node, store: Store, seconds: float) -> tuple[int, set[str]]:
    """How many changes were made in that time, and the revisions by which the edge went."""
    begun, revisions = time.monotonic(), set[str]()
    for number in count(1):
        due = begun + number * EVERY
        while time.monotonic() < due:
            revisions.update(status.revision for status in (node.status,) if status)
            time.sleep(0.1)
        if due >= begun + seconds:
            return number - 1, revisions
        _WAYS[number % len(_WAYS)](node, store, number)
    raise AssertionError


def _by_store(_node: Node, store: Store, number: int) -> None:
    store.put_numbers("black-0", [f"+1604556{number:04}"], "bench", "add")


def _by_import(node: Node, _store: Store, number: int) -> None:
    file = node.folder / "change.toml"
    file.write_text(f'[[areas]]\nprefix = "1604555"\nname = "Vancouver {number}"\n')
    subprocess.run(
        gateway("import", node.folder, str(file), "--merge"), cwd=HERE, check=True, capture_output=True
    )


def _by_rest(node: Node, _store: Store, number: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", node.api)
    body = json.dumps({"prefix": "1604556", "name": f"Vancouver {number}"})
    connection.request("PUT", "/v1/areas/1604556", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    connection.close()
    if answer.status not in (200, 201):
        raise RuntimeError(f"PUT /v1/areas: {answer.status}")


_WAYS: tuple[Callable[[Node, Store, int], None], ...] = (_by_store, _by_import, _by_rest)
