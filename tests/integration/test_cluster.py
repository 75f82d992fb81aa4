"""Three whole nodes behind a front, with calls all the while: one is killed, what they share goes away and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scenarios.bench.cluster import held_at_once, one_killed, without
from scenarios.bench.nodes import Several, several_nodes

pytestmark = [pytest.mark.sip, pytest.mark.usefixtures("real_sip", "kamailio_with_python")]

RATE, SECONDS, WORKERS, NO_BOUND = 45, 8.0, 20, 10_000
BOUND, SLACK = 30, 6
"""Calls at once; twice as many are tried, and would be up if each node counted for itself. How closely they keep to the bound
is a matter of milliseconds, which `make bench` measures."""


@pytest.fixture(scope="module")
def nodes() -> Iterator[Several]:
    with several_nodes(WORKERS, NO_BOUND) as nodes:
        yield nodes


def test_no_call_is_refused_while_redis_is_away_and_when_it_is_back(nodes: Several) -> None:
    outcome = without(nodes, RATE, SECONDS, nodes.redis.kill, nodes.redis.start)
    assert (outcome.wanted, outcome.failed) == (RATE * SECONDS, 0)


def test_no_call_is_refused_while_postgresql_is_away_and_when_it_is_back(nodes: Several) -> None:
    outcome = without(nodes, RATE, SECONDS, nodes.postgres.kill, nodes.postgres.start)
    assert (outcome.wanted, outcome.failed) == (RATE * SECONDS, 0)


def test_a_node_that_is_killed_costs_no_call_that_begins_later() -> None:
    with several_nodes(WORKERS, NO_BOUND) as nodes:
        killed = one_killed(nodes, RATE, SECONDS)
    assert killed.outcome.wanted == RATE * SECONDS
    assert killed.after == 0
    assert killed.before <= RATE  # those it had in hand, and no more


def test_a_bound_holds_for_all_nodes_together() -> None:
    with several_nodes(WORKERS, BOUND) as nodes:
        peak = held_at_once(nodes, BOUND, SECONDS)
    assert BOUND - 1 <= peak <= BOUND + SLACK
