"""Two gateways on one PostgreSQL: what is done through one of them, the other obeys."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.store.cluster import running as postgresql

from .ends import CALLER, End, an_end, call_up, hang_up, refusal, two_ends
from .processes import process
from .sipp import wait_for
from .world import GATEWAY_HOST, Gateway, host_of, on_kamailio, running, set_up

pytestmark = pytest.mark.sip

IN_FORCE = 2.0  # seconds until what is done through one node holds at the other
SAID = 4.0  # seconds until a node has said how it does, and the other's sidecar knows
NOWHERE = "+18085550123"  # no route leads there
LISTED = "+18085550124"  # nor there


@dataclass(frozen=True)
class Two:
    """Both of them; both are called at the same ports by the same parties, and know the same tokens."""

    east: Gateway
    west: Gateway

    def has(self, west: str) -> httpx.Response:
        """Have west do something, through east."""
        answer = httpx.post(f"{self.east.url}/v1/nodes/west/{west}", headers=self.east.headers)
        assert answer.status_code == 200, answer.text
        return answer

    def standings(self) -> dict[str, str]:
        """What each does, as east tells it."""
        listed = httpx.get(f"{self.east.url}/v1/nodes", headers=self.east.headers).json()
        return {each["name"]: each["standing"] for each in listed["items"]}


@pytest.fixture(scope="module", params=["pjsua2", "kamailio"])
def two(
    request: pytest.FixtureRequest, real_sip: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Two]:
    """West is set up with a database of its own, and then given east's."""
    settings: dict[str, Any] = {}
    if request.param == "kamailio":
        request.getfixturevalue("kamailio_with_python")
        settings = on_kamailio({})
    folders = [tmp_path_factory.mktemp(name) for name in ("east", "west")]
    with postgresql() as cluster, contextlib.ExitStack() as stack:
        cluster.run("CREATE DATABASE gateway")
        url = cluster.url("gateway")
        east = set_up(folders[0], settings | {"node": {"name": "east"}, "store": {"database_url": url}})
        alone = set_up(folders[1], settings | {"node": {"name": "west"}})
        _append(folders[1] / "gateway.toml", f'[store]\ndatabase_url = "{url}"\n')
        west = replace(alone, token=east.token, ports=east.ports)
        yield Two(stack.enter_context(running(east)), stack.enter_context(running(west)))


@pytest.fixture
def drained(two: Two) -> Iterator[Two]:
    """West drained through east."""
    with softswitch(two.west) as caller:
        two.has("drain")
        wait_for(lambda: rule(caller) == "node.draining", "west to be drained", seconds=IN_FORCE)
        yield two
        two.has("serve")
        wait_for(lambda: rule(caller) == "route.none", "west to serve", seconds=IN_FORCE)


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def rule(caller: End, called: str = NOWHERE, number: str = CALLER) -> str:
    return refusal(caller, called, number)


def softswitch(gateway: Gateway) -> contextlib.AbstractContextManager[End]:
    """One whose calls are refused, when they are taken, for want of a route."""
    return an_end(gateway, (host_of("refilled"), 0))


def options(caller: End) -> str:
    """What a keep-alive is answered."""
    host, port = caller.sock.getsockname()
    caller.target = f"sip:{GATEWAY_HOST}"
    caller.dialog = [
        f"From: <sip:{host}>;tag=probe",
        f"To: <{caller.target}>",
        f"Call-ID: probe-{port}@{host}",
    ]
    caller.asks("OPTIONS", 1)
    return caller.hears("200|503").code


def not_ready(gateway: Gateway) -> list[str]:
    """Why a node is not ready."""
    found = httpx.get(f"{gateway.url}/readyz", headers=gateway.headers).json()
    return [check["reason"] for check in found["checks"] if not check["ok"]]


def test_a_drained_node_takes_no_call_keeps_those_it_has_and_stays_alive(two: Two) -> None:
    with two_ends(two.west) as (caller, callee):
        call_up(caller, callee)
        two.has("drain")
        with softswitch(two.west) as another:
            wait_for(lambda: rule(another) == "node.draining", "west to be drained", seconds=IN_FORCE)
            assert options(another) == "503"
        with softswitch(two.east) as another:
            assert rule(another) == "route.none"
        wait_for(lambda: not_ready(two.west) == ["edge.draining"], "west to say so", seconds=SAID)
        wait_for(
            lambda: two.standings() == {"east": "serving", "west": "draining"}, "east to know", seconds=SAID
        )
        hang_up(caller, callee, 2)
    with softswitch(two.west) as another:
        two.has("serve")
        wait_for(lambda: rule(another) == "route.none", "west to serve", seconds=IN_FORCE)
        assert options(another) == "200"
    wait_for(lambda: two.standings() == {"east": "serving", "west": "serving"}, "east to know", seconds=SAID)
    assert [two.west.errors(), two.east.errors()] == [[], []]


def test_who_drained_a_node_is_on_record(drained: Two) -> None:
    found = httpx.get(f"{drained.east.url}/v1/audit?resource=nodes&limit=1", headers=drained.east.headers)
    (last,) = found.json()["items"]
    assert (last["who"], last["action"], last["key"]) == ("token:tests", "drained", "west")


def test_a_node_that_is_up_is_not_forgotten(two: Two) -> None:
    answer = httpx.delete(f"{two.east.url}/v1/nodes/west", headers=two.east.headers)
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")


def test_what_carries_the_calls_begins_anew_and_takes_none(drained: Two) -> None:
    """The first that it answers is refused: there is no moment in which it would take a call."""
    west = drained.west
    carrier = "kamailio" if _started(west, "kamailio") else "edge"
    before = process(west, carrier)
    os.kill(before, signal.SIGTERM)
    wait_for(lambda: process(west, carrier) != before, "another one", seconds=20)
    with softswitch(west) as caller:
        told: list[str] = []
        wait_for(lambda: bool(told) or _asked(caller, told), "it to answer", seconds=20)
        assert told == ["node.draining"]


def _started(gateway: Gateway, name: str) -> bool:
    return any(line.get("process") == name for line in gateway.log_lines())


def _asked(caller: End, told: list[str]) -> bool:
    with contextlib.suppress(TimeoutError):
        told.append(rule(caller))
    return bool(told)


def test_a_change_made_through_one_node_is_in_force_at_the_other(two: Two) -> None:
    url = f"{two.east.url}/v1/list-groups/by-hand/numbers/{LISTED}"
    with softswitch(two.west) as caller:
        assert rule(caller, LISTED) == "route.none"
        assert httpx.put(url, headers=two.east.headers).is_success
        black = "list.black:peer/refilled/by-hand"
        wait_for(lambda: rule(caller, LISTED) == black, "the change to be in force", seconds=IN_FORCE)


def test_a_block_made_through_one_node_is_in_force_at_the_other(two: Two) -> None:
    number = "+12155550182"
    block = {"type": "malicious-call", "subject": number}
    with softswitch(two.west) as caller:
        assert rule(caller, number=number) == "route.none"
        url = f"{two.east.url}/v1/dynamic-blacklist"
        assert httpx.post(url, json=block, headers=two.east.headers).is_success
        black = "dynamic.malicious-call:caller"
        wait_for(lambda: rule(caller, number=number) == black, "the block to be in force", seconds=IN_FORCE)
