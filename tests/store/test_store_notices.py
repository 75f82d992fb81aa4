"""PostgreSQL tells of a change when it is made; who has not heard it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from cluster import Cluster
from sqlalchemy import text

from gateway import draining
from gateway.config import Config
from gateway.policy.blocks import Block
from gateway.policy.snapshot import SigningRules
from gateway.store import blocks_file, recorder
from gateway.store.database import open_database, writing
from gateway.store.migration import migrate
from gateway.store.nodes import Nodes, Report
from gateway.store.notices import BACK_OFF, Listener, tell
from gateway.store.recorder_status import read_status, status_path
from gateway.store.store import Store
from gateway.store.watcher import Watcher, blocks_path

NOW = 1_800_000_000.0
IN_FORCE = 2.0
"""Seconds in which a change is in force on every node; what an edge needs of them is its own half second."""
EDGE = 0.5
HEARD_WITHIN = 30.0
SPAM = Block("malicious-call", "12155550100", NOW, None, "by-hand")


@pytest.fixture
def database(cluster: Cluster, names: Iterator[str]) -> Iterator[str]:
    """The name of a PostgreSQL database of one's own."""
    name = next(names)
    cluster.run(f"CREATE DATABASE {name}")
    yield name
    cluster.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def shared(cluster: Cluster, database: str) -> str:
    return cluster.url(database)


@pytest.fixture
def store(shared: str) -> Iterator[Store]:
    engine = open_database(shared)
    migrate(engine)
    yield Store(engine, lambda: NOW)
    engine.dispose()


@pytest.fixture
def listener(shared: str, store: Store) -> Iterator[Listener]:
    found = Listener(shared)
    assert found.connect()
    yield found
    found.close()


def add_area(store: Store, prefix: str = "1215") -> None:
    store.put("areas", store.parse("areas", {"prefix": prefix, "name": "Philadelphia"}), "anna")


def drain(store: Store) -> None:
    nodes = Nodes(store.engine, lambda: NOW)
    nodes.report("east", Report("machine-1", "pjsua2", (), "0.1.0", NOW, 2.0), "a", None)
    nodes.drain("east", "anna")


@pytest.mark.parametrize(
    "change",
    [add_area, lambda store: store.add_block(SPAM, "anna"), drain],
    ids=["policy", "blocks", "drain"],
)
def test_a_change_is_heard(listener: Listener, store: Store, change: Callable[[Store], Any]) -> None:
    change(store)
    assert listener.heard(HEARD_WITHIN)


def test_what_is_not_kept_is_not_heard(listener: Listener, store: Store) -> None:
    with pytest.raises(ZeroDivisionError), writing(store.engine) as connection:
        tell(connection)
        raise ZeroDivisionError
    add_area(store)
    add_area(store)  # changes nothing
    assert listener.heard(HEARD_WITHIN)
    assert not listener.heard()


def test_sqlite_has_nobody_to_tell(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/gateway.db")
    migrate(engine)
    add_area(Store(engine, lambda: NOW))
    assert Store(engine, lambda: NOW).revision() == 1


def test_a_connection_that_is_lost_is_made_again_when_it_is_time(
    cluster: Cluster, database: str, store: Store
) -> None:
    ticks = [0.0]
    listener = Listener(cluster.url(database), lambda: ticks[0])
    assert listener.connect()
    cluster.run(
        f"ALTER DATABASE {database} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
    )
    assert not listener.heard(HEARD_WITHIN)
    assert not listener.hears
    assert listener.problem
    cluster.run(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    assert not listener.connect()  # too early
    ticks[0] += BACK_OFF[0]
    assert listener.connect()
    assert listener.problem is None
    add_area(store)
    assert listener.heard(HEARD_WITHIN)
    listener.close()


def test_a_connection_that_cannot_be_made_tells_no_password() -> None:
    listener = Listener("postgresql://gw:s3cret@127.0.0.1:1/gw")
    assert not listener.connect()
    assert listener.problem
    assert "s3cret" not in listener.problem


# Two nodes


class Node:
    """The recorder of a node as a process, and what it leaves for the node's edge."""

    def __init__(self, name: str, folder: Path, url: str) -> None:
        self.name, self.state = name, folder / name
        settings = {
            "node": {"name": name, "state_dir": self.state},
            "sip": {"listen": ["udp:127.0.0.1:5060"]},
            "store": {"database_url": url},
        }
        config = Config.model_validate(settings)
        self.process = get_context("fork").Process(target=recorder.run, args=(config,))
        self.edge = Watcher(self.state, SigningRules())

    @property
    def revision(self) -> str:
        self.edge.changed()
        return self.edge.current.revision

    @property
    def blocked(self) -> bool:
        path = blocks_path(self.state)
        return path.exists() and SPAM in blocks_file.read(path).blocks

    @property
    def drained(self) -> bool:
        return draining.is_wanted(self.state)

    @property
    def knows_the_other(self) -> bool:
        status = read_status(status_path(self.state))
        return bool(status and sum(status.nodes.values()) == 2)


@pytest.fixture
def two_nodes(shared: str, store: Store, tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    both = Node("east", tmp_path, shared), Node("west", tmp_path, shared)
    store.engine.dispose()  # no connection is to be open in two processes
    for node in both:
        node.process.start()
    for node in both:
        took(lambda node=node: node.knows_the_other and node.revision == "0", HEARD_WITHIN)
    yield both
    for node in both:
        node.process.terminate()
    for node in both:
        node.process.join(20)


def took(done: Callable[[], object], limit: float) -> float:
    """How many seconds something takes to come about; fails if that is longer than `limit`."""
    begun, pause = monotonic(), get_context("fork").Event()
    while not done():
        assert monotonic() - begun < limit
        pause.wait(0.01)
    return monotonic() - begun


def test_a_change_made_anywhere_reaches_every_node_in_time(
    two_nodes: tuple[Node, Node], store: Store
) -> None:
    for number in range(3):
        add_area(store, f"121{number}")
        for node in two_nodes:
            took(lambda node=node, wanted=str(number + 1): node.revision == wanted, IN_FORCE - EDGE)


def test_a_block_made_anywhere_reaches_every_node_in_time(two_nodes: tuple[Node, Node], store: Store) -> None:
    store.add_block(SPAM, "anna")
    for node in two_nodes:
        took(lambda node=node: node.blocked, IN_FORCE - EDGE)


def test_a_node_is_drained_in_time_and_no_other_is(two_nodes: tuple[Node, Node], store: Store) -> None:
    east, west = two_nodes
    nodes = Nodes(store.engine, lambda: NOW)
    nodes.drain("west", "anna")
    took(lambda: west.drained, IN_FORCE - EDGE)
    assert not east.drained
    nodes.serve("west", "anna")
    took(lambda: not west.drained, IN_FORCE - EDGE)


def test_a_change_that_nobody_tells_of_is_found_in_time(two_nodes: tuple[Node, Node], store: Store) -> None:
    add_area(store)
    for node in two_nodes:
        took(lambda node=node: node.revision == "1", HEARD_WITHIN)
    with store.engine.begin() as connection:  # past every notice
        connection.execute(text("UPDATE policy_state SET revision = 2"))
    for node in two_nodes:
        took(lambda node=node: node.revision == "2", IN_FORCE)
