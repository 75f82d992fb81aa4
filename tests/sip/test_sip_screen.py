"""No source gets more than its bounds, and what it does not use comes back."""

from dataclasses import replace

import pytest

from gateway.policy.peers import Peer
from gateway.sip.screen import WINDOW, Screen
from gateway.stir.tn import NumberPlan

PEER = Peer("vos", "softswitch", NumberPlan.of("US"), max_setups=3, max_cps=2)


def test_no_more_calls_in_set_up_than_allowed() -> None:
    screen, peer = Screen(), replace(PEER, max_cps=0)
    assert [screen.admit(peer, 0.0) for _ in range(4)] == [None, None, None, "limit.setups"]
    screen.concluded(peer.name)
    assert screen.admit(peer, 0.0) is None


def test_no_more_calls_a_second_than_allowed() -> None:
    screen, peer = Screen(), replace(PEER, max_setups=100)
    assert [screen.admit(peer, 0.0) for _ in range(3)] == [None, None, "limit.cps"]
    assert screen.admit(peer, 0.4) == "limit.cps"
    assert screen.admit(peer, 0.5) is None
    assert [screen.admit(peer, 100.0) for _ in range(3)] == [None, None, "limit.cps"]


def test_a_call_refused_for_its_rate_is_not_in_set_up() -> None:
    screen, peer = Screen(), replace(PEER, max_setups=2, max_cps=1)
    assert [screen.admit(peer, 0.0) for _ in range(5)] == [None, *["limit.cps"] * 4]
    assert screen.admit(peer, 1.0) is None


def test_one_peer_does_not_use_up_anothers_bounds() -> None:
    screen, other = Screen(), replace(PEER, name="other")
    for _ in range(9):
        screen.admit(PEER, 0.0)
    assert screen.admit(other, 0.0) is None


def test_a_bound_lowered_while_running_counts_at_once() -> None:
    screen = Screen()
    assert screen.admit(PEER, 0.0) is None
    assert screen.admit(replace(PEER, max_setups=1), 0.0) == "limit.setups"


def test_unreadable_messages_are_answered_up_to_a_bound_and_each_reason_told_once() -> None:
    screen = Screen()
    said = [
        screen.bad("192.0.2.1", reason, 2, 0.0) for reason in ("bad-cseq", "bad-cseq", "no-via", "no-via")
    ]
    assert said == [(True, True), (True, False), (False, True), (False, False)]


@pytest.mark.parametrize(("later", "answered"), [(WINDOW, False), (WINDOW + 1.0, True)])
def test_the_count_begins_anew_after_its_window(later: float, answered: bool) -> None:
    screen = Screen()
    assert screen.bad("192.0.2.1", "bad-cseq", 1, 0.0) == (True, True)
    assert screen.bad("192.0.2.1", "bad-cseq", 1, later) == (answered, answered)


def test_a_flood_from_many_addresses_keeps_no_more_than_its_memory() -> None:
    screen = Screen()
    for number in range(10_000):
        screen.bad(f"2001:db8::{number:x}", "bad-cseq", 1, 0.0)
    assert len(screen._bad) <= 4096
