"""A process of the node is killed while a call is up: what becomes of the call, and whether the next one goes through."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .ends import call_up, hang_up, two_ends
from .processes import events, process, workers
from .sipp import wait_for
from .world import Gateway, running, running_gateway, set_up


@pytest.fixture
def own_gateway(real_sip: None, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of this test's own: it will be hurt."""
    with running_gateway(tmp_path, {}) as gateway:
        yield gateway


@pytest.mark.parametrize("by_caller", [True, False], ids=["caller-hangs-up", "callee-hangs-up"])
def test_a_call_outlives_its_edge_and_either_end_can_hang_up(own_gateway: Gateway, by_caller: bool) -> None:
    journal = own_gateway.folder / "state" / "run" / "calls.journal"
    with two_ends(own_gateway) as (caller, callee):
        call_up(caller, callee)
        wait_for(lambda: journal.exists() and journal.stat().st_size > 0, "the call to be in the journal")
        edge = process(own_gateway, "edge")
        os.kill(edge, signal.SIGKILL)
        wait_for(lambda: process(own_gateway, "edge") != edge, "another edge")
        wait_for(lambda: events(own_gateway, "edge.serving") == 2, "it to serve")
        if by_caller:
            hang_up(caller, callee, 2)
        else:
            hang_up(callee, caller, 1)
        wait_for(own_gateway.is_idle, "the call to be forgotten", seconds=20)


def test_a_worker_that_dies_ends_its_call_on_both_sides_and_the_next_call_goes_through(
    own_gateway: Gateway,
) -> None:
    with two_ends(own_gateway) as (caller, callee):
        call_up(caller, callee)
        before = workers(own_gateway)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        for end in (caller, callee):
            end.answers(end.hears("BYE"), "200 OK")
        wait_for(lambda: events(own_gateway, "worker.died") == len(before), "the edge to know")
        wait_for(lambda: len(workers(own_gateway)) >= len(before), "new workers")
        call_up(caller, callee)
        hang_up(caller, callee, 2)


def test_a_pool_that_dies_ends_its_calls_and_comes_back(own_gateway: Gateway) -> None:
    with two_ends(own_gateway) as (caller, callee):
        call_up(caller, callee)
        os.kill(process(own_gateway, "pool"), signal.SIGKILL)
        for end in (caller, callee):
            end.answers(end.hears("BYE"), "200 OK")
        wait_for(lambda: events(own_gateway, "edge.serving") == 2, "another edge", seconds=20)
        wait_for(own_gateway.is_ready, "it to be ready", seconds=20)
        call_up(caller, callee)
        hang_up(callee, caller, 1)


def test_what_a_killed_process_left_half_written_is_gone_once_the_node_starts_anew(
    real_sip: None, tmp_path: Path
) -> None:
    gateway = set_up(tmp_path, {})
    left = gateway.folder / "state" / ".access.json.x7k2m9q1.part"
    left.touch()
    os.utime(left, (0, 0))
    with running(gateway):
        assert not left.exists()
