"""Two whole nodes hold one bound together, at either door."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from .cluster import Nodes, running_nodes
from .ends import End, an_end, call_up, hang_up, refusal, two_ends
from .sipp import wait_for
from .world import Gateway, host_of, on_kamailio

pytestmark = pytest.mark.sip

NARROW = "limit.concurrent:peer/narrow"
NOWHERE = "+18085550123"  # no route leads there: a call the policy lets pass is refused for that alone
PASSES = "route.none"
HEARD = 2.0

DOORS: dict[str, Mapping[str, Mapping[str, Any]]] = {"pjsua2": {}, "kamailio": on_kamailio({})}


@pytest.fixture(scope="module", params=DOORS)
def cluster(
    request: pytest.FixtureRequest, real_sip: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nodes]:
    if request.param == "kamailio":
        request.getfixturevalue("kamailio_with_python")
    with running_nodes(tmp_path_factory.mktemp("cluster"), 2, DOORS[request.param]) as cluster:
        yield cluster


@contextlib.contextmanager
def asking(node: Gateway) -> Iterator[End]:
    """The softswitch with one place, as it asks this node."""
    with an_end(node, (host_of("narrow"), 0)) as caller:
        yield caller


def test_a_call_at_one_node_takes_the_place_at_the_other_until_it_ends(cluster: Nodes) -> None:
    one, two = cluster.nodes
    for here, there in ((one, two), (two, one)):
        with two_ends(here, "narrow") as (caller, callee), asking(there) as other:
            wait_for(lambda other=other: refusal(other, NOWHERE) == PASSES, "room", seconds=HEARD)
            call_up(caller, callee)
            wait_for(lambda other=other: refusal(other, NOWHERE) == NARROW, "the call", seconds=HEARD)
            hang_up(caller, callee, 2)
            wait_for(lambda other=other: refusal(other, NOWHERE) == PASSES, "its end", seconds=HEARD)


def test_while_redis_is_away_each_node_has_room_of_its_own_and_refuses_no_call_for_that(
    cluster: Nodes,
) -> None:
    one, two = cluster.nodes
    with two_ends(one, "narrow") as (caller, callee), asking(two) as other:
        call_up(caller, callee)
        wait_for(lambda: refusal(other, NOWHERE) == NARROW, "the call to be known", seconds=HEARD)
        cluster.redis.kill()
        wait_for(lambda: refusal(other, NOWHERE) == PASSES, "room of its own", seconds=6)
        wait_for(lambda: two.metric("stirgw_shared_state_up") == 0, "the alarm", seconds=5)
        assert two.is_ready()
        cluster.redis.start()
        wait_for(lambda: refusal(other, NOWHERE) == NARROW, "the call to be known again", seconds=6)
        hang_up(caller, callee, 2)
        wait_for(lambda: refusal(other, NOWHERE) == PASSES, "its end", seconds=HEARD)
    wait_for(cluster.hear_each_other, "the nodes to hear each other", seconds=6)
