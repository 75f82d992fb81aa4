"""Door 3 as several processes: what one of them counts, learns or waits for, the others know and are not held up by."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from time import monotonic, time
from typing import Any

import httpx
import pytest

from .ends import End, an_end, call_up, hang_up, invite, refusal, two_ends
from .identities import Identity, signed
from .processes import process
from .sipp import free_port, wait_for
from .world import BIN, Gateway, host_of, on_kamailio, running_gateway

pytestmark = [pytest.mark.sip, pytest.mark.usefixtures("kamailio_with_python")]

COMPILED = 10.0  # seconds until a busy recorder has compiled a change
IN_FORCE = 2.0  # and until every process has it that one has
BUDGET = 0.9  # seconds that a call waits for its certificates
AT_ONCE = 24  # calls that come in one moment: more than one process can take
NOWHERE = "+18085550123"  # no route leads there
BLACK = "list.black:peer/refilled/by-hand"
_lines = count()


@pytest.fixture(scope="module")
def door(real_sip: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Door 3 with four processes."""
    settings = on_kamailio({})
    settings["kamailio"] = {**settings["kamailio"], "children": 4, "redirect": ["bravo"]}
    with running_gateway(tmp_path_factory.mktemp("door"), settings) as gateway:
        yield gateway


def rules(caller: End) -> set[str]:
    """By which rules calls are refused that come in one moment, each of another number: none of them calls too often.

    Those that are too many for their peer's `max_cps` say nothing about the policy.
    """
    for _ in range(AT_ONCE):
        invite(caller, NOWHERE, f"+1215556{next(_lines) % 10_000:04}")
    told = [caller.hears("[3-6]..").header("Reason") for _ in range(AT_ONCE)]
    return {text.partition('"')[2].rstrip('"') for text in told} - {"limit.cps"}


def processes_of(gateway: Gateway, records: list[dict[str, Any]]) -> set[str]:
    """Which processes took calls: each gives them names that begin alike."""
    return {record["call"][:12] for record in records}


def test_a_limit_of_one_call_holds_in_every_process(door: Gateway) -> None:
    with two_ends(door, "narrow") as (caller, callee), an_end(door, (host_of("narrow"), 0)) as another:
        call_up(caller, callee)
        wait_for(lambda: refusal(another) == "limit.concurrent:peer/narrow", "the limit", seconds=1)
        for _ in range(AT_ONCE):
            invite(another)
        told = [another.hears("[3-6]..") for _ in range(AT_ONCE)]
        assert {each.header("Reason") for each in told} == {'X.int;text="limit.concurrent:peer/narrow"'}
        hang_up(caller, callee, 2)
        wait_for(lambda: door.is_idle(), "the place to be free")
        call_up(caller, callee)
        hang_up(caller, callee, 2)
    lines = [line for line in door.log_lines() if line.get("rule") == "limit.concurrent:peer/narrow"]
    assert len(processes_of(door, lines)) > 1


def test_a_change_of_policy_reaches_every_process_in_time(door: Gateway) -> None:
    url = f"{door.url}/v1/list-groups/by-hand/numbers/{NOWHERE}"
    with two_ends(door, "refilled") as (caller, _):

        def come_into_force(rule: str) -> None:
            wait_for(lambda: rule in rules(caller), "the change somewhere", seconds=COMPILED)
            wait_for(lambda: rules(caller) == {rule}, "the change everywhere", seconds=IN_FORCE)

        come_into_force("route.none")
        httpx.put(url, headers=door.headers).raise_for_status()
        come_into_force(BLACK)
        httpx.delete(url, headers=door.headers).raise_for_status()
        come_into_force("route.none")


def test_calls_that_wait_for_a_host_that_hangs_hold_up_no_process(door: Gateway) -> None:
    """More calls than there are processes wait, and another one is answered as if there were none."""
    with ExitStack() as stack:
        host = stack.enter_context(door.certificate_host())
        switch, carrier = stack.enter_context(two_ends(door, "vos3000"))
        for _ in range(AT_ONCE):
            identity = Identity("12155550123", "18085550123", host="hang")
            header = signed(identity, door.signers, host, int(time()))
            carrier.dialog, carrier.target = _dialog(carrier), "sip:+18085550123@127.0.0.2"
            carrier.asks(
                "INVITE", 1, f"Contact: <sip:c@{carrier.sock.getsockname()[0]}>", f"Identity: {header}"
            )
        began = monotonic()
        assert refusal(switch, NOWHERE) == "route.none"
        assert monotonic() - began < BUDGET / 2
        told = [carrier.hears("[3-6]..") for _ in range(AT_ONCE)]
        assert {each.code for each in told} == {"404"}  # tagged, and nobody has the number


def _dialog(end: End, called: str = "18085550123") -> list[str]:
    host, port = end.sock.getsockname()
    name = os.urandom(4).hex()
    return [
        f"From: <sip:+12155550123@{host}>;tag={name}",
        f"To: <sip:+{called}@127.0.0.2>",
        f"Call-ID: {name}-{port}",
    ]


TWO_HOPS = """
[[peers]]
name = "two-hops"
role = "softswitch"
addresses = ["127.0.0.71"]
next_hops = ["udp:127.0.0.71:{first}", "udp:127.0.0.71:{second}"]

[[routes]]
prefix = "1220"
to = ["two-hops"]
"""


def test_a_call_that_waited_is_the_same_at_its_second_hop(door: Gateway) -> None:
    """What was decided of a suspended call holds for every hop it is sent to."""
    ports = {name: free_port("127.0.0.71") for name in ("first", "second")}
    (door.folder / "two-hops.toml").write_text(TWO_HOPS.format(**ports))
    command = [BIN / "gateway", "import", "--merge", "two-hops.toml", "--config", "gateway.toml"]
    subprocess.run(command, cwd=door.folder, check=True, capture_output=True)
    with ExitStack() as stack:
        host = stack.enter_context(door.certificate_host())
        _, carrier = stack.enter_context(two_ends(door))
        hops = [stack.enter_context(an_end(door, ("127.0.0.71", port))) for port in ports.values()]

        def is_routed() -> bool:
            carrier.dialog, carrier.target = _dialog(carrier, "12205550123"), "sip:+12205550123@127.0.0.2"
            identity = Identity("12155550123", "12205550123")
            header = signed(identity, door.signers, host, int(time()))
            contact = f"Contact: <sip:c@{carrier.sock.getsockname()[0]}>"
            carrier.asks("INVITE", 1, contact, f"Identity: {header}", "Content-Type: application/sdp")
            hops[0].sock.settimeout(0.5)
            with suppress(TimeoutError):
                hops[0].answers(hops[0].hears("INVITE"), "503 Service Unavailable")
                return True
            return False

        wait_for(is_routed, "the route")
        second = hops[1].hears("INVITE")
        hops[1].answers(second, "486 Busy Here")
        assert second.headers("Identity") == []
        assert "verstat=TN-Validation-Passed" in second.header("From")
        assert "@127.0.0.2" in second.header("From")
        assert second.start.startswith(f"INVITE sip:+12205550123@127.0.0.71:{ports['second']} ")


@pytest.mark.parametrize("method", ["INVITE", "UPDATE", "INFO"])
def test_a_request_that_only_says_it_is_within_a_call_goes_nowhere(door: Gateway, method: str) -> None:
    with two_ends(door) as (caller, callee):
        host, port = callee.sock.getsockname()
        caller.target = f"sip:far@{host}:{port}"
        caller.dialog = [
            "From: <sip:+12155550123@127.0.0.11>;tag=near",
            "To: <sip:+13035550123@127.0.0.2>;tag=far",
            "Call-ID: invented",
            f"Route: <sip:127.0.0.2:{door.sip};lr>",
        ]
        caller.asks(method, 2, f"Contact: <sip:vos@{caller.sock.getsockname()[0]}>")
        assert caller.hears("[2-6]..").code == "481"
        callee.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            callee.sock.recv(65535)


def test_a_call_of_a_redirected_peer_is_told_where_to_go_with_its_signature(door: Gateway) -> None:
    with two_ends(door, "bravo") as (caller, _):
        invite(caller)
        told = caller.hears("302")
    assert told.header("Contact").startswith(f"<sip:+13035550123@127.0.0.21:{door.ports['carrier']}>")
    assert ";alg=ES256;ppt=shaken" in told.header("Identity")
    assert told.header("Date")


def test_a_node_that_stops_takes_no_calls_and_lets_those_end_that_are_up(
    real_sip: None, tmp_path: Path
) -> None:
    with running_gateway(tmp_path, on_kamailio({})) as gateway, two_ends(gateway) as (caller, callee):
        call_up(caller, callee)
        wait_for(lambda: not gateway.is_idle(), "the call to be counted")
        os.kill(process(gateway, "kamailio"), signal.SIGTERM)
        late = End(caller.sock, caller.gateway)
        wait_for(lambda: _asked_for_a_call(late) == "503", "new calls to be refused")
        hang_up(caller, callee, 2)


def _asked_for_a_call(end: End) -> str:
    invite(end, NOWHERE)
    return end.hears("[3-6]..").code
