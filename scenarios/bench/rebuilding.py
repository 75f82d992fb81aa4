"""From a committed change of the largest policy to the snapshot that has it, and to the edge that goes by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gateway.store.store import Store
from gateway.store.watcher import snapshot_path
from scenarios.bench import full_policy
from scenarios.bench.figure import Figure, most
from scenarios.bench.full_store import REBUILD_SECONDS
from scenarios.bench.length import Length
from scenarios.bench.node import Node
from tests.integration.sipp import wait_for

TIMES = 3
LONGEST = 60.0  # seconds
Change = Callable[[Store, int], Any]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Seconds: of the change itself; from then until the new snapshot is there; until the edge says it goes by it."""

    change: float
    file: float
    edge: float


def rebuilding(node: Node, store: Store, length: Length) -> Iterator[Figure]:
    """Changes of one thing each, one after the other, on an idle node."""
    for what, change in _CHANGES.items():
        each = [_rebuilt(node, store, change, number) for number in range(1 if length.short else TIMES)]
        length.tell(f"{what}: {each}")
        put = f"longest of {len(each)}; the change itself {max(one.change for one in each):.2f} s"
        yield Figure(f"rebuild after {what}", max(one.file for one in each), "s", most(REBUILD_SECONDS), put)
        yield Figure(
            "  and in force at the edge", max(one.edge for one in each), "s", note="it tells once a second"
        )


def in_force(node: Node, revision: int) -> bool:
    """Whether the edge goes by this revision."""
    status = node.status
    return status is not None and status.revision == str(revision)


def _rebuilt(node: Node, store: Store, change: Change, number: int) -> Rebuilt:
    wait_for(lambda: in_force(node, store.revision()), "the edge to know the policy", seconds=LONGEST)
    path = snapshot_path(node.folder / "state")
    old, begun = path.stat().st_ino, time.time()
    change(store, number)
    committed = time.time()
    wait_for(lambda: path.stat().st_ino != old, "the new snapshot", seconds=LONGEST)
    made = time.time()
    wait_for(lambda: in_force(node, store.revision()), "the edge to go by it", seconds=LONGEST)
    return Rebuilt(committed - begun, made - committed, time.time() - committed)


def _put(resource: str, written: Callable[[int], dict[str, Any]]) -> Change:
    return lambda store, number: store.put(resource, store.parse(resource, written(number)), "bench")


def _list(store: Store, number: int) -> object:
    return store.put_numbers("black-0", [f"+1604555{number:04}"], "bench", "add")


_CHANGES: dict[str, Change] = {
    "an area": _put("areas", lambda number: {"prefix": "1604", "name": f"Vancouver {number}"}),
    "a section": _put(
        "number-sections",
        lambda number: {
            "name": "Vancouver",
            "begin": "+16045550000",
            "end": f"+1604555{number:04}",
            "account": "acme",
        },
    ),
    f"a number on a list of {full_policy.GROUPS['black-0']:,}": _list,
}
