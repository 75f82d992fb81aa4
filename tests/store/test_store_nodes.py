"""Nodes that share a database know of each other, and an operator drains any of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway import draining
from gateway.config import Config
from gateway.metrics import EdgeStatus, write_status
from gateway.metrics import status_path as edge_path
from gateway.store.alarms import Alarms
from gateway.store.database import open_database
from gateway.store.errors import NotThere, StillNeeded
from gateway.store.migration import migrate
from gateway.store.nodes import MISSED, Node, Nodes, Report, Wish
from gateway.store.presence import EVERY_SECONDS, LOOK_SECONDS, Presence
from gateway.store.recorder import BACK_OFF, Recorder
from gateway.store.recorder_status import read_status, status_path
from gateway.store.store import Store

NOW = 1_800_000_000.0
REPORT = Report("machine-1", "pjsua2", ("udp:192.0.2.10:5060",), "0.1.0", NOW, 2.0)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def nodes(engine: Engine, clock: Clock) -> Nodes:
    return Nodes(engine, clock)


def done(nodes: Nodes) -> list[tuple[str, str, str]]:
    return [(each.who, each.action, each.key) for each in Store(nodes.engine, lambda: NOW).audit().entries]


# The registry


@pytest.mark.parametrize("name", ["west", "we\0st", ""])
@pytest.mark.parametrize("ask", ["get", "drain", "serve", "forget"])
def test_a_node_that_never_reported_is_not_there(nodes: Nodes, ask: str, name: str) -> None:
    with pytest.raises(NotThere, match="no node"):
        getattr(nodes, ask)(name, *(() if ask == "get" else ("anna",)))


def test_a_node_is_as_it_reported_last(nodes: Nodes, clock: Clock) -> None:
    nodes.report("east", REPORT, "a", None)
    clock.now += 2
    later = replace(REPORT, calls=7, ready=True, alarms=("disk-full: make room",))
    nodes.report("east", later, "b", "a")
    assert nodes.get("east") == Node("east", NOW + 2, later)


def test_a_node_is_gone_once_it_has_missed_some_reports(nodes: Nodes, clock: Clock) -> None:
    nodes.report("east", replace(REPORT, ready=True), "a", None)
    clock.now += MISSED * REPORT.every - 0.1
    assert nodes.get("east").standing(clock.now) == "serving"
    clock.now += 0.1
    assert nodes.get("east").standing(clock.now) == "gone"


def test_nodes_are_told_by_name_and_in_pages(nodes: Nodes) -> None:
    for name in ("west", "east", "north"):
        nodes.report(name, REPORT, name, None)
    first = nodes.page(limit=2)
    assert [each.name for each in first.entries] == ["east", "north"]
    last = nodes.page(limit=2, after=first.next)
    assert ([each.name for each in last.entries], last.next) == (["west"], None)


def test_a_node_that_is_up_is_not_forgotten_and_one_that_is_gone_is(nodes: Nodes, clock: Clock) -> None:
    nodes.report("east", REPORT, "a", None)
    nodes.drain("east", "anna")
    with pytest.raises(StillNeeded, match="is up; do: stop it"):
        nodes.forget("east", "anna")
    clock.now += MISSED * REPORT.every
    nodes.forget("east", "anna")
    assert nodes.page().entries == ()
    nodes.report("east", REPORT, "b", None)
    assert nodes.get("east").wish is None
    assert done(nodes) == [("anna", "removed", "east"), ("anna", "drained", "east")]


def test_what_an_operator_wants_is_on_record_once_and_outlives_the_reports(nodes: Nodes) -> None:
    nodes.report("east", REPORT, "a", None)
    assert nodes.drain("east", "anna").wish == Wish(NOW, "anna")
    assert nodes.drain("east", "bert").wish == Wish(NOW, "anna")
    nodes.report("east", REPORT, "b", "a")
    assert nodes.get("east").wish == Wish(NOW, "anna")
    assert nodes.serve("east", "bert").wish is None
    assert nodes.serve("east", "bert").wish is None
    assert done(nodes) == [("bert", "served", "east"), ("anna", "drained", "east")]


# Recorders


def config_of(name: str, state: Path, url: str, port: int = 5060) -> Config:
    return Config.model_validate(
        {
            "node": {"name": name, "state_dir": state},
            "sip": {"listen": [f"udp:127.0.0.1:{port}", f"tcp:[::1]:{port}"]},
            "store": {"database_url": url},
        }
    )


class Running:
    """The recorder of one node, a step at a time, with an edge that says that it serves."""

    def __init__(self, name: str, folder: Path, url: str, clock: Clock, port: int = 5060) -> None:
        self.state = folder / name / str(port)
        self.clock = clock
        self.config = config_of(name, self.state, url, port)
        self.recorder = Recorder(self.config, clock, clock)

    def step(self) -> None:
        drained = draining.is_wanted(self.state)
        write_status(edge_path(self.state), EdgeStatus(self.clock.now, not drained, drained, 3, 4, 5))
        self.recorder.step()

    @property
    def drained(self) -> bool:
        return draining.is_wanted(self.state)

    @property
    def problems(self) -> dict[str, str]:
        status = read_status(status_path(self.state))
        assert status
        return {each.name: each.text for each in status.problems}


@pytest.fixture
def start(tmp_path: Path, url: str, engine: Engine, clock: Clock) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start_one(name: str, port: int = 5060) -> Running:
        started.append(Running(name, tmp_path, url, clock, port))
        started[-1].step()
        return started[-1]

    yield start_one
    for each in started:
        each.recorder.close()


def step_until(running: Running, done: Callable[[], object]) -> None:
    """Steps until something has come about; the time limit of a test bounds it."""
    while not done():
        running.step()


def test_a_recorder_says_how_its_node_does(start: Callable[..., Running], nodes: Nodes) -> None:
    start("east")
    found = nodes.get("east")
    assert (found.seen, found.standing(NOW)) == (NOW, "serving")
    assert (found.report.door, found.report.addresses) == (
        "pjsua2",
        ("udp:127.0.0.1:5060", "tcp:[::1]:5060"),
    )
    assert (found.report.calls, found.report.workers, found.report.slots_free) == (3, 4, 5)


def test_a_node_whose_edge_is_silent_is_not_ready(
    start: Callable[..., Running], nodes: Nodes, clock: Clock
) -> None:
    east = start("east")
    edge_path(east.state).unlink()
    clock.now += LOOK_SECONDS
    east.recorder.step()
    found = nodes.get("east")
    assert found.standing(clock.now) == "not-ready"
    assert found.report.alarms[0].startswith("edge-silent")


def test_a_node_keeps_on_reporting(start: Callable[..., Running], nodes: Nodes, clock: Clock) -> None:
    east = start("east")
    clock.now += LOOK_SECONDS
    east.step()
    assert nodes.get("east").seen == NOW  # nothing is new
    clock.now += EVERY_SECONDS[nodes.engine.dialect.name]
    east.step()
    assert nodes.get("east").seen == clock.now


def test_while_somebody_writes_for_long_a_report_waits_and_is_made_later(
    tmp_path: Path, clock: Clock
) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    engine = open_database(url, lock_seconds=0.1)
    migrate(engine)
    nodes, alarms = Nodes(engine, clock), Alarms(clock)
    presence = Presence(config_of("east", tmp_path, url), clock, clock, alarms)
    with closing(sqlite3.connect(tmp_path / "gateway.db", isolation_level=None)) as importing:
        importing.execute("BEGIN IMMEDIATE")
        presence.step(nodes, "7")
        importing.execute("ROLLBACK")
    assert (nodes.every(), list(alarms)) == ([], [])
    clock.now += LOOK_SECONDS
    presence.step(nodes, "7")
    assert nodes.get("east").seen == clock.now


def test_a_node_is_drained_and_serves_again_as_an_operator_wants(
    start: Callable[..., Running], nodes: Nodes, clock: Clock
) -> None:
    east, west = start("east"), start("west")
    nodes.drain("west", "anna")
    step_until(west, lambda: west.drained)
    east.step()
    assert not east.drained
    clock.now += LOOK_SECONDS
    west.step()
    assert nodes.get("west").standing(clock.now) == "draining"
    nodes.serve("west", "anna")
    step_until(west, lambda: not west.drained)


def test_a_drained_node_stays_so_over_a_restart_and_while_the_database_is_away(
    start: Callable[..., Running], nodes: Nodes, tmp_path: Path, clock: Clock
) -> None:
    east = start("east")
    nodes.drain("east", "anna")
    step_until(east, lambda: east.drained)
    east.recorder.close()
    away = Running("east", tmp_path, f"sqlite:///{tmp_path}/none/gateway.db", clock)
    for _ in range(2):
        away.step()
        clock.now += max(BACK_OFF)
    assert "database-gone" in away.problems
    assert away.drained


def test_what_was_wanted_while_a_node_was_away_it_finds_when_it_comes(
    start: Callable[..., Running], nodes: Nodes
) -> None:
    nodes.report("east", REPORT, "a", None)
    nodes.drain("east", "anna")
    assert start("east").drained


def test_two_nodes_of_one_name_both_say_so_until_one_has_another(
    start: Callable[..., Running], nodes: Nodes, clock: Clock
) -> None:
    every = EVERY_SECONDS[nodes.engine.dialect.name]
    first, second = start("east", 5060), start("east", 5070)
    for _ in range(2):
        for each in (first, second):
            clock.now += every
            each.step()
    assert "udp:127.0.0.1:5070" in first.problems["node-name-taken"]
    assert "udp:127.0.0.1:5060" in second.problems["node-name-taken"]
    second.recorder.close()
    clock.now += every
    first.step()
    assert "node-name-taken" in first.problems  # seen a moment ago
    for _ in range(MISSED):
        clock.now += every
        first.step()
    assert first.problems == {}


def test_a_node_that_starts_again_is_no_second_one(
    start: Callable[..., Running], nodes: Nodes, clock: Clock
) -> None:
    start("east").recorder.close()
    again = start("east")
    clock.now += EVERY_SECONDS[nodes.engine.dialect.name]
    again.step()
    assert again.problems == {}
