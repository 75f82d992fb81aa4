"""The number policy of a running gateway: changed while calls come in, remembered when its processes or its database die."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import httpx
import pytest

from tests.store.cluster import Cluster, running

from .conftest import GatewayWith
from .ends import call_up, hang_up, refusal, two_ends
from .processes import events, process, workers
from .sipp import wait_for
from .world import Gateway, running_gateway

pytestmark = pytest.mark.sip

IN_FORCE = 2.0  # seconds until a change of policy reaches calls
NOWHERE = "+18085550123"  # no route leads there: a call the policy lets pass is refused for that alone
PASSES = "route.none"
BLACK = "list.black:peer/refilled/by-hand"
NARROW = "limit.concurrent:peer/narrow"

Change = Callable[[Gateway], httpx.Response]


# What an operator changes while calls come in


def _put_one(gateway: Gateway) -> httpx.Response:
    return httpx.put(f"{gateway.url}/v1/list-groups/by-hand/numbers/{NOWHERE}", headers=gateway.headers)


def _delete_one(gateway: Gateway) -> httpx.Response:
    return httpx.delete(f"{gateway.url}/v1/list-groups/by-hand/numbers/{NOWHERE}", headers=gateway.headers)


def _upload(gateway: Gateway, mode: str) -> httpx.Response:
    return httpx.put(
        f"{gateway.url}/v1/list-groups/by-hand/numbers",
        params={"mode": mode},
        content=f"number\n{NOWHERE}\n",
        headers={"Content-Type": "text/csv", **gateway.headers},
    )


@pytest.mark.parametrize(
    ("add", "remove"),
    [
        (_put_one, _delete_one),
        (lambda gateway: _upload(gateway, "add"), lambda gateway: _upload(gateway, "remove")),
    ],
    ids=["one-number", "upload"],
)
def test_a_number_put_on_a_list_is_refused_at_once_and_passes_again_when_it_is_taken_off(
    gateway: Gateway, add: Change, remove: Change
) -> None:
    edge = process(gateway, "edge")
    with two_ends(gateway, "refilled") as (caller, _):

        def rule() -> str:
            return refusal(caller, NOWHERE, "+12155550181")

        assert rule() == PASSES
        add(gateway).raise_for_status()
        wait_for(lambda: rule() == BLACK, "the number to be refused", seconds=IN_FORCE)
        remove(gateway).raise_for_status()
        wait_for(lambda: rule() == PASSES, "the number to pass again", seconds=IN_FORCE)
    assert process(gateway, "edge") == edge


def test_a_caller_on_the_dynamic_black_list_is_shown_and_calls_again_once_released(
    gateway_with: GatewayWith,
) -> None:
    gateway = gateway_with({}, "small-limits")
    blacklist = f"{gateway.url}/v1/dynamic-blacklist"

    def shown() -> list[dict[str, Any]]:
        found = httpx.get(blacklist, params={"number": "+12155550182"}, headers=gateway.headers)
        return list(found.raise_for_status().json()["items"])

    with two_ends(gateway, "unruly") as (caller, _):
        rules = [refusal(caller, NOWHERE, "+12155550182") for _ in range(5)]
        assert rules == [PASSES] * 4 + ["dynamic.malicious-call:caller"]
        wait_for(lambda: bool(shown()), "the block to be shown")
        (block,) = shown()
        said = {"type": "malicious-call", "why": "attempts", "node": "scenarios", "active": True}
        assert said.items() <= block.items()
        httpx.delete(f"{blacklist}/{block['id']}", headers=gateway.headers).raise_for_status()
        assert not shown()
        wait_for(
            lambda: refusal(caller, NOWHERE, "+12155550182") == PASSES, "the caller to pass", seconds=IN_FORCE
        )


# What is known of a call afterwards


def test_the_call_log_tells_a_call_from_its_dialled_numbers_to_its_duration(gateway: Gateway) -> None:
    with two_ends(gateway, "prefixing") as (caller, callee):
        call_id = call_up(caller, callee, "913035550123", "7712155550123")
        hang_up(caller, callee, 2)
    wait_for(lambda: bool(gateway.records(call_id=call_id)), "the call to be recorded", seconds=20)
    (call,) = gateway.records(call_id=call_id)
    told = {
        "peer": "prefixing",
        "account": "acme",
        "caller_dialled": "7712155550123",
        "callee_dialled": "913035550123",
        "caller": "12155550123",
        "callee": "13035550123",
        "rule": "attest.section:Acme Philadelphia",
        "attest": "A",
        "code": 200,
        "carrier": "carrier",
        "ended_by": "caller",
    }
    assert told.items() <= call.items()
    assert call["origid"] and call["duration_ms"] > 0 and call["answered_ms"] > 0
    assert gateway.records(origid=call["origid"]) == [call]


# What is left when a process dies


@pytest.fixture(scope="module")
def hurt_gateway(real_sip: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose processes are killed."""
    with running_gateway(tmp_path_factory.mktemp("gateway"), {}) as gateway:
        yield gateway


def _kill(gateway: Gateway, name: str) -> None:
    """Kill a process, and wait for the one that takes its place."""
    old = process(gateway, name)
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: process(gateway, name) != old, f"another {name}")


def test_calls_that_die_with_their_worker_hold_no_place(hurt_gateway: Gateway) -> None:
    with two_ends(hurt_gateway, "narrow") as (caller, callee):
        call_up(caller, callee)
        assert refusal(caller) == NARROW
        died, before = events(hurt_gateway, "worker.died"), workers(hurt_gateway)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        for end in (caller, callee):
            end.answers(end.hears("BYE"), "200 OK")
        wait_for(lambda: events(hurt_gateway, "worker.died") == died + len(before), "the edge to know")
        wait_for(lambda: len(workers(hurt_gateway)) >= len(before), "new workers")
        call_up(caller, callee)
        hang_up(caller, callee, 2)


def test_a_call_goes_on_holding_its_place_under_another_edge(hurt_gateway: Gateway) -> None:
    journal = hurt_gateway.folder / "state" / "run" / "calls.journal"
    with two_ends(hurt_gateway, "narrow") as (caller, callee):
        kept, served = journal.stat().st_size, events(hurt_gateway, "edge.serving")
        call_up(caller, callee)
        up = copy(caller)
        wait_for(lambda: journal.stat().st_size > kept, "the call to be in the journal")
        _kill(hurt_gateway, "edge")
        wait_for(lambda: events(hurt_gateway, "edge.serving") > served, "it to serve")
        assert refusal(caller) == NARROW
        hang_up(up, callee, 2)
        call_up(caller, callee)
        hang_up(caller, callee, 2)


def test_a_recorder_that_dies_loses_no_call(hurt_gateway: Gateway) -> None:
    with two_ends(hurt_gateway, "vos3000") as (caller, _):
        for number in range(60):
            assert refusal(caller, NOWHERE, "+12155550183") == PASSES
            if number % 20 == 10:
                _kill(hurt_gateway, "recorder")
    wait_for(lambda: _recorded(hurt_gateway, "12155550183") >= 60, "the calls to be recorded", seconds=20)
    assert _recorded(hurt_gateway, "12155550183") == 60


def _recorded(gateway: Gateway, caller: str) -> int:
    """How many calls of this number the call log has."""
    return len(gateway.records(caller=caller, limit="500"))


# What is left when the database is gone


@pytest.fixture(scope="module")
def cluster(real_sip: None) -> Iterator[Cluster]:
    with running() as cluster:
        cluster.run("CREATE DATABASE gateway")
        yield cluster


@pytest.fixture(scope="module")
def on_postgresql(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway on PostgreSQL with room for some fifty records while that is gone."""
    store = {"database_url": cluster.url("gateway"), "spool_bytes": 20_000}
    with running_gateway(tmp_path_factory.mktemp("gateway"), {"store": store}) as gateway:
        yield gateway


@contextlib.contextmanager
def _database_gone(gateway: Gateway, cluster: Cluster) -> Iterator[None]:
    """The database is killed, and back at the end, and the gateway tells either."""
    cluster.kill()
    try:
        wait_for(lambda: _misses_its_database(gateway), "the loss to be told", seconds=20)
        yield
    finally:
        cluster.start()
    wait_for(lambda: not _misses_its_database(gateway), "the return to be told", seconds=20)


def _misses_its_database(gateway: Gateway) -> bool:
    return (
        'stirgw_recorder_problems{problem="database-gone"} 1'
        in httpx.get(f"{gateway.url}/metrics", headers=gateway.headers).text
    )


def test_calls_go_on_without_postgresql_and_are_recorded_when_it_is_back(
    on_postgresql: Gateway, cluster: Cluster
) -> None:
    calls = []

    def place_one() -> None:
        with two_ends(on_postgresql) as (caller, callee):
            calls.append(call_up(caller, callee))
            hang_up(caller, callee, 2)

    def recorded() -> list[int]:
        return [record["code"] for each in calls for record in on_postgresql.records(call_id=each)]

    place_one()
    wait_for(lambda: recorded() == [200], "the call to be recorded", seconds=20)
    with _database_gone(on_postgresql, cluster):
        place_one()
        with two_ends(on_postgresql, "timed") as (caller, _):
            assert refusal(caller) == "list.black:peer/timed/quiet-hours"
        assert httpx.get(f"{on_postgresql.url}/v1/calls", headers=on_postgresql.headers).status_code == 503
        assert on_postgresql.is_ready()
    wait_for(lambda: recorded() == [200, 200], "the other call to be recorded", seconds=20)


def test_calls_go_on_where_nothing_can_be_recorded_and_each_loss_is_counted(
    on_postgresql: Gateway, cluster: Cluster
) -> None:
    with _database_gone(on_postgresql, cluster), two_ends(on_postgresql) as (caller, _):
        assert {refusal(caller, NOWHERE, "+12155550184") for _ in range(90)} == {PASSES}
        wait_for(lambda: _lost(on_postgresql) > 0, "the loss to be counted")
        assert events(on_postgresql, "spool.failing") == 1

    def accounted() -> int:
        return _recorded(on_postgresql, "12155550184") + _lost(on_postgresql)

    wait_for(lambda: accounted() >= 90, "each call to be recorded or counted as lost", seconds=20)
    assert accounted() == 90


def _lost(gateway: Gateway) -> int:
    return int(gateway.metric("stirgw_records_lost_total"))
