"""Several whole nodes with one PostgreSQL and one Redis, each in a folder and on ports of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.shared.redis_server import RedisServer, running_redis
from tests.store.cluster import Cluster as Postgres
from tests.store.cluster import running as running_postgres

from .sipp import wait_for
from .world import Gateway, merged, running, set_up, set_up_beside


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes that run, in order, and what they share."""

    nodes: tuple[Gateway, ...]
    redis: RedisServer
    postgres: Postgres

    def hear_each_other(self) -> bool:
        """Whether each of them knows of all others."""
        return all(node.metric("stirgw_shared_nodes") == len(self.nodes) - 1 for node in self.nodes)


@contextlib.contextmanager
def running_nodes(folder: Path, count: int, settings: Mapping[str, Mapping[str, Any]]) -> Iterator[Nodes]:
    """So many nodes with these settings, ready and hearing each other; the first one's policy is that of all."""
    with contextlib.ExitStack() as stack:
        postgres, redis = stack.enter_context(running_postgres()), stack.enter_context(running_redis())
        postgres.run("CREATE DATABASE gateway")
        nodes: list[Gateway] = []
        for number in range(1, count + 1):
            home = folder / f"node-{number}"
            home.mkdir()
            store = {"database_url": postgres.url("gateway"), "redis_url": redis.url}
            own = merged(settings, {"node": {"name": f"node-{number}"}, "store": store})
            nodes.append(set_up_beside(nodes[0], home, own) if nodes else set_up(home, own))
        cluster = Nodes(tuple(stack.enter_context(running(node)) for node in nodes), redis, postgres)
        wait_for(cluster.hear_each_other, "the nodes to hear each other", seconds=20)
        yield cluster
