"""Bounds hold for all nodes together, whatever becomes of a node, or of Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import date

import pytest
import uvloop

from gateway.policy.days import Days
from gateway.policy.holds import Hold
from gateway.policy.limits import Limits
from gateway.policy.parameters import Parameters
from gateway.policy.rates import Rate
from gateway.policy.snapshot import PolicyData, compile_snapshot
from gateway.shared.messages import day_key
from tests.shared.node import OWNER, Node, connected, longest_wait, settings, until
from tests.shared.redis_server import RedisServer, running_redis

HOLD = Hold((OWNER,), "12155550100", "13035550123", account="acme")
RATE = Rate("retail", "1", per_minute=600_000, increment=60)
PAID = Hold((OWNER,), "12155550100", "13035550123", ((OWNER, RATE),), "acme")


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with running_redis() as found:
        yield found


def nodes(server: RedisServer, count: int, limits: Limits) -> list[Node]:
    return [Node(settings(f"node-{n}", server.url), limits=limits) for n in range(1, count + 1)]


def day_in(zone: str) -> date:
    return Days(zone).day(time.time())


async def all_know(*them: Node) -> None:
    names = [f"node-{n}" for n in range(1, len(them) + 1)]
    for node, name in zip(them, names, strict=True):
        await node.knows(*(each for each in names if each != name))


def test_calls_of_three_nodes_fill_one_bound_and_an_end_on_any_gives_a_place_back(
    server: RedisServer,
) -> None:
    async def play() -> None:
        one, two, three = nodes(server, 3, Limits(concurrent=3))
        async with connected(one, two, three):
            await all_know(one, two, three)
            for node in (one, two, three):
                assert node.begin(HOLD)
            for node in (one, two, three):
                await until(lambda node=node: node.over() == "concurrent", "the bound to be reached")
                assert node.usage.concurrent(OWNER) == 3
            two.end(HOLD)
            for node in (one, two, three):
                await until(lambda node=node: node.over() is None, "a place to be free")

    uvloop.run(play())


def test_one_more_node_knows_at_once_what_the_others_use(server: RedisServer) -> None:
    async def play() -> None:
        one, two = nodes(server, 2, Limits(concurrent=2))
        async with connected(one):
            await until(lambda: one.wire.status.up, "the first node")
            assert one.begin(HOLD) and one.begin(HOLD)
            async with connected(two):
                await until(lambda: two.over() == "concurrent", "the newcomer to know")

    uvloop.run(play())


def test_calls_begun_elsewhere_use_up_this_second_too(server: RedisServer) -> None:
    async def play() -> None:
        one, two = nodes(server, 2, Limits(cps=5))
        async with connected(one, two):
            await all_know(one, two)
            assert two.over() is None
            begun = time.monotonic()
            assert sum(one.begin(HOLD) for _ in range(5)) == 5
            await until(lambda: two.over() == "cps", "the second to be used up", seconds=0.9)
            assert time.monotonic() - begun < 1

    uvloop.run(play())


def test_money_spent_at_any_node_is_spent_while_calls_ring_run_and_have_ended(server: RedisServer) -> None:
    async def play() -> None:
        one, two = nodes(server, 2, Limits(spend_per_day=1_200_000))
        async with connected(one, two):
            await all_know(one, two)
            assert one.begin(PAID) and two.begin(PAID)
            for node in (one, two):
                await until(lambda node=node: node.over() == "spend", "what rings to be reserved for")
            answered = time.time() - 30
            one.ledger.answered(PAID)
            one.end(PAID, 200, answered)
            two.end(PAID, 487)
            for node in (one, two):
                await until(lambda node=node: node.usage.spent(OWNER, time.time()) == 600_000, "one minute")
                assert node.over() is None

    uvloop.run(play())


def test_what_a_call_costs_by_the_second_is_heard_while_it_lasts(server: RedisServer) -> None:
    per_second = Hold(
        (OWNER,), "12155550100", "13035550123", ((OWNER, Rate("r", "1", 60_000_000, 1)),), "acme"
    )

    async def play() -> None:
        one, two = nodes(server, 2, Limits(spend_per_day=10**9))
        async with connected(one, two):
            await all_know(one, two)
            assert one.begin(per_second)
            one.ledger.answered(per_second)
            await until(lambda: two.usage.spent(OWNER, time.time()) >= 3_000_000, "three seconds of it")

    uvloop.run(play())


def test_a_node_that_is_gone_takes_its_calls_along_and_leaves_what_was_spent(server: RedisServer) -> None:
    async def play() -> None:
        one, two, three = nodes(server, 3, Limits(concurrent=2, spend_per_day=600_000))
        async with connected(two):
            async with connected(one):
                await two.knows("node-1")
                assert one.begin(PAID)
                one.ledger.answered(PAID)
                one.end(PAID, 200, time.time() - 30)
                assert one.over() == "spend"
                one.ledger.began(HOLD)
                await until(lambda: two.usage.concurrent(OWNER) == 1, "the call to be known")
            begun = time.monotonic()
            await until(lambda: two.usage.concurrent(OWNER) == 0, "the node to be given up")
            assert time.monotonic() - begun < 4
            assert two.over() == "spend"
            async with connected(three):
                await three.knows("node-2")
                assert three.over() == "spend"

    uvloop.run(play())


def test_a_node_that_begins_anew_counts_its_calls_once_and_remembers_what_it_had_spent(
    server: RedisServer,
) -> None:
    async def play() -> None:
        one, two = nodes(server, 2, Limits(concurrent=5, spend_per_day=600_000))
        async with connected(two):
            async with connected(one):
                await two.knows("node-1")
                assert one.begin(PAID)
                one.ledger.answered(PAID)
                one.end(PAID, 200, time.time() - 30)
                one.over()
                one.ledger.began(HOLD)
                await until(lambda: two.usage.concurrent(OWNER) == 1, "the call to be known")
            again = nodes(server, 1, one.limits)[0]
            again.ledger.resumed(HOLD, None)
            async with connected(again):
                await again.knows("node-2")
                assert again.over() == "spend"
                await until(lambda: two.usage.concurrent(OWNER) == 1, "the call to be known again")
                again.end(HOLD)
                await until(lambda: two.usage.concurrent(OWNER) == 0, "its end to be known")

    uvloop.run(play())


def test_without_redis_each_node_counts_for_itself_and_with_it_again_for_all(server: RedisServer) -> None:
    async def play() -> None:
        one, two = nodes(server, 2, Limits(concurrent=2))
        async with connected(one, two):
            await all_know(one, two)
            assert one.begin(HOLD) and two.begin(HOLD)
            await until(lambda: one.over() == "concurrent" == two.over(), "the bound to be reached")
            server.kill()
            await until(lambda: not one.wire.status.up and one.over() is None, "local counting")
            assert one.wire.status.problems and one.wire.status.nodes == ()
            assert one.begin(HOLD)
            server.start()
            await all_know(one, two)
            await until(lambda: two.usage.concurrent(OWNER) == 3 == one.usage.concurrent(OWNER), "the sum")
            assert one.wire.status.problems == ()

    uvloop.run(play())


def test_a_redis_that_is_not_there_at_start_is_found_later(server: RedisServer) -> None:
    async def play() -> None:
        (one,) = nodes(server, 1, Limits(concurrent=1))
        server.kill()
        async with connected(one):
            await until(lambda: "refused" in str(one.wire.status.problems), "the problem to be told")
            assert one.begin(HOLD)
            server.start()
            await until(lambda: one.wire.status.up, "Redis to be found")

    uvloop.run(play())


def test_a_redis_that_hangs_costs_the_event_loop_nothing_and_nobody_a_call(server: RedisServer) -> None:
    async def play() -> None:
        one, two = nodes(server, 2, Limits(concurrent=10_000))
        async with connected(one, two):
            await all_know(one, two)
            server.hangs()
            with longest_wait(asyncio.get_running_loop()) as longest:
                while one.wire.status.up or one.wire.status.nodes:
                    assert one.begin(HOLD)
                    await asyncio.sleep(0.001)
            assert longest[0] < 0.05, f"the loop was late by {longest[0]} s"
            server.goes_on()
            await all_know(one, two)
            await until(lambda: two.usage.concurrent(OWNER) == one.usage.concurrent(OWNER), "the sum")

    uvloop.run(play())


def test_a_redis_that_loses_everything_is_told_everything_again(server: RedisServer) -> None:
    async def play() -> None:
        one, two = nodes(server, 2, Limits(concurrent=1))
        async with connected(one):
            await until(lambda: one.wire.status.up, "the first node")
            assert one.begin(HOLD)
            await until(lambda: server.client().hlen("stirgw:node:node-1") == 2, "it to be written down")
            server.client().flushall()
            await until(lambda: server.client().hlen("stirgw:node:node-1") == 2, "it to be written again")
            async with connected(two):
                await until(lambda: two.over() == "concurrent", "the newcomer to know")

    uvloop.run(play())


def test_two_nodes_of_one_name_are_told_of(server: RedisServer) -> None:
    async def play() -> None:
        one, other = (Node(settings("twin", server.url)) for _ in range(2))
        async with connected(one, other):
            await until(lambda: "twin too" in str(one.wire.status.problems), "the namesake to be noticed")

    uvloop.run(play())


def test_what_nobody_understands_is_dropped_and_counted(server: RedisServer) -> None:
    async def play() -> None:
        one, two = nodes(server, 2, Limits(concurrent=1))
        junk = [b"", b"[]", b"{}", b"\xff" * 64, b"[" * 100_000, b'{"node": "x"}', b"0" * (1 << 21)]
        async with connected(one, two):
            await all_know(one, two)
            for each in junk:
                server.client().publish("stirgw:news", each)
            await until(lambda: one.wire.status.dropped == len(junk), "all of it to be counted")
            assert two.begin(HOLD)
            await until(lambda: one.over() == "concurrent", "sense to be heard")

    uvloop.run(play())


def test_a_hash_that_somebody_spoilt_is_not_believed(server: RedisServer) -> None:
    async def play() -> None:
        one, two = nodes(server, 2, Limits(concurrent=1))
        async with connected(one):
            await until(lambda: one.wire.status.up, "the first node")
            assert one.begin(HOLD)
            await until(lambda: server.client().hlen("stirgw:node:node-1") == 2, "it to be written down")
            server.client().hset("stirgw:node:node-1", OWNER, "[-5,0,0,0]")
            server.client().hset(f"stirgw:day:{one.usage.day(time.time())}", "not a node", "x")
            async with connected(two):
                await until(lambda: two.wire.status.dropped >= 2, "both to be dropped")
                assert two.over() is None
                one.end(HOLD)
                one.begin(HOLD)
                await until(lambda: two.over() == "concurrent", "the next word to be heard")

    uvloop.run(play())


def test_calls_that_outlive_their_edge_still_count_at_the_other_nodes(server: RedisServer) -> None:
    async def play() -> None:
        one, two = nodes(server, 2, Limits(concurrent=2))
        for _ in range(2):
            one.ledger.resumed(HOLD, None)
        async with connected(one, two):
            await all_know(one, two)
            await until(lambda: two.over() == "concurrent", "the calls taken up to be told")

    uvloop.run(play())


def test_a_node_without_a_call_of_its_own_counts_money_in_the_day_of_its_policy(server: RedisServer) -> None:
    zone = next(each for each in ("Pacific/Kiritimati", "Pacific/Pago_Pago") if day_in(each) != day_in("UTC"))
    policy = compile_snapshot(PolicyData(parameters=Parameters(time_zone=zone)))
    server.client().hset(day_key(day_in(zone)), f"gone {OWNER}", 500)

    async def play() -> None:
        one = Node(settings("node-1", server.url), policy)
        one.ledger.follow()
        async with connected(one):
            await one.knows()
            assert one.usage.spent(OWNER, time.time()) == 500

    uvloop.run(play())
