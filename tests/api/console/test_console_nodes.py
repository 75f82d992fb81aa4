"""The page of the nodes: what each does, and the ways to have it do something else."""

from __future__ import annotations

import pytest
from doors import NOW, Door
from pages import Somebody

from gateway.store.nodes import MISSED, Node, Nodes, Report

EVERY = 2.0
HOSTILE = '<script>alert("x")</script>'


def report(door: Door, name: str, ago: float = 0.0, host: str = "machine-1") -> None:
    """A node as it reported some seconds ago."""
    said = Report(host, "pjsua2", ("udp:192.0.2.10:5060",), "0.1.0", NOW, EVERY, calls=7, ready=True)
    Nodes(door.opened.store.engine, lambda: NOW - ago).report(name, said, name, None)


def known(door: Door) -> list[Node]:
    return door.opened.nodes.every()


def test_where_no_node_has_reported_the_page_says_so(operator: Somebody) -> None:
    assert "None has reported yet." in operator.sees("/console/nodes")


def test_what_a_node_says_of_itself_stays_text(door: Door, operator: Somebody) -> None:
    report(door, "east", host=HOSTILE)
    assert HOSTILE not in operator.sees("/console/nodes")


def test_an_auditor_sees_the_nodes_and_no_way_to_drain_them(door: Door, auditor: Somebody) -> None:
    report(door, "east")
    told = auditor.sees("/console/nodes")
    assert "serving" in told
    assert "/console/nodes/east" not in told
    assert auditor.sends("/console/nodes/east/drain").status_code == 403
    assert known(door)[0].wish is None


def test_a_node_is_drained_and_serves_again(door: Door, operator: Somebody) -> None:
    report(door, "east")
    assert operator.stores("/console/nodes/east/drain", {}) == "/console/nodes?said=drained"
    told = operator.sees("/console/nodes?said=drained")
    assert "drained by user:olga" in told
    assert "/console/nodes/east/drain" not in told
    assert operator.stores("/console/nodes/east/serve", {}) == "/console/nodes?said=served"
    assert known(door)[0].wish is None


def test_only_a_node_that_is_gone_can_be_forgotten(door: Door, operator: Somebody) -> None:
    report(door, "east")
    report(door, "west", ago=MISSED * EVERY)
    told = operator.sees("/console/nodes")
    assert ("east/forget" in told, "west/forget" in told) == (False, True)
    assert operator.sends("/console/nodes/east/forget").status_code == 409
    assert operator.stores("/console/nodes/west/forget", {}) == "/console/nodes?said=forgotten"
    assert [each.name for each in known(door)] == ["east"]


@pytest.mark.parametrize("verb", ["drain", "serve", "forget"])
def test_a_node_that_is_not_there_is_a_page_that_says_so(operator: Somebody, verb: str) -> None:
    answer = operator.sends(f"/console/nodes/none/{verb}")
    assert (answer.status_code, "there is no node" in answer.text) == (404, True)
