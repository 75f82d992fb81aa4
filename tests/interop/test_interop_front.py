"""deploy/kamailio/front.cfg on a real Kamailio: one address before several nodes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.sipp import wait_for

from .front import Front, Node, running_front
from .kamailio import PROGRAM

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Kamailio")


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with running_front(tmp_path) as front:
        yield front


def called(nodes: tuple[Node, ...]) -> int:
    return sum(node.called for node in nodes)


def reached(front: Front, node: Node) -> bool:
    """Whether one of two calls comes to a node."""
    before = node.called
    for _ in front.nodes:
        front.ask()
    return node.called > before


def probed(front: Front, node: Node, options: int | None) -> None:
    """The node answers its probes so until the front goes by it."""
    node.options = options
    wait_for(lambda: reached(front, node) == (options == 200), f"the front to hear {options}")
    node.called = 0


def test_a_strangers_call_is_not_answered_and_reaches_no_node(tmp_path: Path) -> None:
    with running_front(tmp_path, sources="1 192.0.2.0 24") as front:
        front.nodes[0].calls = front.nodes[1].calls = 486
        wait_for(lambda: front.nodes[0].probed > 0, "the front to be there")
        front.impatient()
        with pytest.raises(TimeoutError):
            front.ask()
        assert called(front.nodes) == 0


def test_a_refusal_by_policy_is_final(front: Front) -> None:
    for node in front.nodes:
        node.calls = 603
    assert front.ask().status == 603
    assert called(front.nodes) == 1


@pytest.mark.parametrize("code", [503, 408])
def test_a_node_that_cannot_now_is_passed_over(front: Front, code: int) -> None:
    first, second = front.nodes
    first.calls, second.calls = code, 486
    assert [front.ask().status for _ in range(2)] == [486, 486]
    assert (first.called, second.called) == (1, 2)


def test_a_silent_node_is_passed_over(front: Front) -> None:
    first, second = front.nodes
    first.calls, second.calls = None, 486
    assert [front.ask().status for _ in range(2)] == [486, 486]
    assert first.called > 1  # it was asked, and asked again
    assert second.called == 2


@pytest.mark.parametrize("options", [503, None], ids=["draining", "silent"])
def test_a_node_that_answers_no_probe_gets_no_call(front: Front, options: int | None) -> None:
    probed(front, front.nodes[0], options)
    assert [front.ask().status for _ in range(4)] == [486] * 4
    assert front.nodes[0].called == 0


def test_a_node_that_answers_again_gets_calls_again(front: Front) -> None:
    probed(front, front.nodes[0], 503)
    probed(front, front.nodes[0], 200)
    assert [front.ask().status for _ in range(4)] == [486] * 4
    assert front.nodes[0].called == 2


def test_without_a_node_the_switch_hears_503_and_tries_its_next_gateway(front: Front) -> None:
    for node in front.nodes:
        probed(front, node, 503)
    assert front.ask("OPTIONS").status == 503
    answer = front.ask()
    assert (answer.status, answer.get("retry-after")) == (503, "5")
    assert called(front.nodes) == 0
