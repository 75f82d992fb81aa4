"""Who offends at several nodes is blocked at the count that holds for one, and by all; so is a host that fails several."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import uvloop

from gateway.decision import Parties
from gateway.policy.blocks import BlockType
from gateway.policy.holds import Hold
from gateway.policy.parameters import Parameters
from gateway.policy.snapshot import PolicyData, compile_snapshot
from gateway.trust.breaker import FAILURES
from tests.shared.node import Node, connected, settings, until
from tests.shared.redis_server import RedisServer, running_redis

CALLER, CALLEE, SOURCE = "12155550100", "13035550123", "192.0.2.1"
HOST = "certificates.example.com:443"
LIMIT = 6
POLICY = compile_snapshot(
    PolicyData(
        parameters=Parameters(
            malicious_limit=LIMIT, no_answer_limit=LIMIT, reg_fail_count=LIMIT, invalid_count=LIMIT
        )
    )
)
HOLD = Hold((), CALLER, CALLEE, account="acme")


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with running_redis() as found:
        yield found


def judged(node: Node, refused_by: str | None, caller: str | None = None) -> None:
    node.ledger.judged(Parties("acme", SOURCE, "", CALLEE, caller, CALLEE), refused_by)


def unanswered(node: Node) -> None:
    node.ledger.began(HOLD)
    node.end(HOLD, 480)


OFFENCES: dict[BlockType, tuple[str, Callable[[Node], None]]] = {
    "malicious-call": (CALLER, lambda node: judged(node, None, CALLER)),
    "access": (SOURCE, lambda node: judged(node, "access.address:peer/vos3000")),
    "account": ("acme", lambda node: judged(node, "callee.too-long")),
    "no-answer": (CALLEE, unanswered),
}


def told_by(node: Node, others: list[Node]) -> Callable[[], bool]:
    """Whether the others have heard all this node has said until now: its hosts are told last."""
    marker = f"marker-{time.monotonic_ns()}:443"
    for other in others:  # what fails elsewhere alone keeps nobody from asking
        other.hosts.tell, tell = lambda *_: None, other.hosts.tell
        other.hosts.failed(marker)
        other.hosts.tell = tell
    for _ in range(FAILURES - 1):
        node.hosts.failed(marker)
    return lambda: not any(other.hosts.allows(marker) for other in others)


@pytest.mark.parametrize("type", OFFENCES)
def test_offences_at_three_nodes_block_at_the_common_count_everywhere(
    server: RedisServer, type: BlockType
) -> None:
    subject, offend = OFFENCES[type]

    async def play() -> None:
        nodes = [Node(settings(f"node-{n}", server.url), POLICY) for n in (1, 2, 3)]

        def blocked() -> list[bool]:
            return [node.usage.blocked(type, subject, time.time()) is not None for node in nodes]

        async with connected(*nodes):
            await nodes[0].knows("node-2", "node-3")
            await nodes[1].knows("node-1", "node-3")
            await nodes[2].knows("node-1", "node-2")
            for turn in range(LIMIT - 1):
                offend(nodes[turn % 3])
            for node in nodes:
                others = [other for other in nodes if other is not node]
                await until(told_by(node, others), "everything to be told")
            assert blocked() == [False] * 3
            offend(nodes[2])
            await until(lambda: all(blocked()), "all nodes to block")
            await until(told_by(nodes[2], nodes[:2]), "the block to be told")
        assert [sum(each.type == type for each in node.told) for node in nodes] == [0, 0, 1]

    uvloop.run(play())


def test_a_certificate_host_that_fails_at_each_node_once_is_left_alone_by_all_until_it_answers_one(
    server: RedisServer,
) -> None:
    async def play() -> None:
        nodes = [Node(settings(f"node-{n}", server.url)) for n in range(FAILURES)]
        async with connected(*nodes):
            for node in nodes:
                await until(lambda node=node: len(node.wire.status.nodes) == FAILURES - 1, "the others")
            for node in nodes:
                node.hosts.failed(HOST)
            await until(lambda: not any(node.hosts.allows(HOST) for node in nodes), "all to know")
            nodes[0].hosts.answered(HOST)
            await until(lambda: all(node.hosts.allows(HOST) for node in nodes), "all to hope again")

    uvloop.run(play())
