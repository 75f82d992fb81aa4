"""The ledger: what became of each call is counted once, what that blocks is told, and a call for help leaves no trace."""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decision import Forward
from gateway.ledger import outcome_of
from gateway.policy.blocks import Block, BlockType
from gateway.policy.limits import Limits
from gateway.policy.permits import Permits
from gateway.policy.rates import Rate
from tests.exchange import CALLEE, NOW, OWNED, SOURCE, Exchange, account, policy


@dataclass(frozen=True)
class Release:
    """A block taken away by hand."""

    type: BlockType
    subject: str
    at: float


EAGER = {
    "SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 1,
    "SS_BLACK_LIST_NO_ANSWER_LIMIT": 1,
    "SS_REG_FAIL_BLACKLIST_COUNT": 1,
    "SS_CALLAUTH_INVALID_COUNT": 1,
}
"""The first offence blocks."""


def eager(*entries: Any, **data: Any) -> Exchange:
    return Exchange(policy(*entries, parameters=EAGER | data.pop("parameters", {}), **data))


def told(node: Exchange) -> list[tuple[BlockType, str, str]]:
    return [(block.type, block.subject, block.why) for block in node.told]


MALICE = ("malicious-call", OWNED, "attempts")


# How a call went

OUTCOMES: dict[str, tuple[dict[str, Any], str]] = {
    "answered": ({"code": 200, "progress": 180}, "answered"),
    "answered-otherwise": ({"code": 202}, "answered"),
    "nobody-there": ({"code": 480}, "no-answer"),
    "somebody-elsewhere": ({"code": 480, "ended_by": "redirect"}, "failed"),
    "timed-out-while-it-rang": ({"code": 408, "progress": 180}, "no-answer"),
    "given-up-while-it-rang": ({"code": 487, "progress": 183}, "no-answer"),
    "every-carrier-silent": ({"code": 408}, "failed"),
    "given-up-before-it-rang": ({"code": 487}, "failed"),
    "busy": ({"code": 486, "progress": 180}, "failed"),
    "declined": ({"code": 603, "progress": 180}, "failed"),
    "no-such-number": ({"code": 404}, "failed"),
    "carrier-unwell": ({"code": 503}, "failed"),
    "lost": ({}, "failed"),
}


@pytest.mark.parametrize(("record", "outcome"), OUTCOMES.values(), ids=OUTCOMES)
def test_the_outcome_of_a_call_follows_from_its_record(record: dict[str, Any], outcome: str) -> None:
    assert outcome_of(record) == outcome


def ended(node: Exchange, record: dict[str, Any]) -> None:
    """One call, which ends so."""
    placed = node.place()
    assert isinstance(placed, Forward)
    node.ledger.ended(placed.hold, record, None)


@pytest.mark.parametrize(("record", "outcome"), OUTCOMES.values(), ids=OUTCOMES)
def test_calls_without_answer_in_a_row_block_the_callee(record: dict[str, Any], outcome: str) -> None:
    node = Exchange(policy(parameters={"SS_BLACK_LIST_NO_ANSWER_LIMIT": 3}))
    for _ in range(3):
        ended(node, record)
    blocked = [("no-answer", CALLEE, "no-answer-streak")]
    assert told(node) == (blocked if outcome == "no-answer" else [])


def test_an_answer_breaks_the_row() -> None:
    node = Exchange(policy(parameters={"SS_BLACK_LIST_NO_ANSWER_LIMIT": 2}))
    for _ in range(3):
        ended(node, {"code": 480})
        ended(node, {"code": 200})
    assert node.told == []


# What a decision counts


def test_a_call_that_goes_on_is_an_attempt_of_its_caller() -> None:
    node = eager()
    node.place()
    assert node.told == [Block("malicious-call", OWNED, NOW, NOW + 3600, "attempts")]


def test_a_refused_call_is_an_attempt_of_its_caller() -> None:
    node = eager(routes=())
    node.place()
    assert told(node) == [MALICE]


def test_a_carrier_s_call_is_an_attempt_of_its_caller() -> None:
    node = eager()
    node.ledger.decided(node.decide_inbound())
    assert told(node) == [MALICE]


@pytest.mark.parametrize("caller", ["anonymous", "bob", "0000"])
def test_a_caller_without_a_canonical_number_is_not_counted(caller: str) -> None:
    node = eager()
    node.place(caller)
    assert node.told == []


PREMIUM_CALLS = {
    "premium": ("19005550100", [("malicious-call", OWNED, "premium-share")]),
    "ordinary": (CALLEE, []),
    "no-number": ("alice", []),
}


@pytest.mark.parametrize(("callee", "blocked"), PREMIUM_CALLS.values(), ids=PREMIUM_CALLS)
def test_premium_destinations_are_counted_as_such(callee: str, blocked: list[Any]) -> None:
    node = Exchange(policy(parameters={"malicious_premium_share": 100}))
    for _ in range(20):
        node.place(callee=callee)
    assert told(node) == blocked


ELSEWHERE = account(addresses=(ip_network("203.0.113.0/24"),))
LOCKED = ("account", "acme", "invalid-calls")
REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any], list[Any]]] = {
    "access": (
        {"acme": ELSEWHERE, "parameters": {"SS_ACCESS_IP_CHECK": 1}},
        {},
        [MALICE, ("access", SOURCE, "failed-access"), LOCKED],
    ),
    "callee": ({}, {"callee": "alice"}, [MALICE, LOCKED]),
    "caller": ({"parameters": {"SS_CALLERALLOWLENGTH": 10}}, {}, [MALICE, LOCKED]),
    "prefix": ({"acme": account(permits=Permits(deny_callees=("1",)))}, {}, [MALICE, LOCKED]),
    "limit": ({"acme": account(limits=Limits(concurrent=0))}, {}, [MALICE]),
    "route": ({"routes": ()}, {}, [MALICE]),
}


@pytest.mark.parametrize(("data", "call", "blocked"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_counts_against_whom_its_rule_speaks_of(
    data: dict[str, Any], call: dict[str, Any], blocked: list[Any]
) -> None:
    others = {name: value for name, value in data.items() if name != "acme"}
    node = eager(data.get("acme", account()), **others)
    node.place(**call)
    assert told(node) == blocked


def test_a_call_let_in_breaks_the_row_of_invalid_ones() -> None:
    node = Exchange(policy(parameters={"SS_CALLAUTH_INVALID_COUNT": 2}))
    for _ in range(3):
        node.place(callee="alice")
        node.place()
    assert node.told == []


# Emergency calls


def test_an_emergency_call_is_not_counted() -> None:
    node = eager(parameters={"malicious_concurrent": 1})
    call = node.place(callee="911")
    assert (node.usage.concurrent("peer/vos3000"), node.usage.concurrent("account/acme")) == (0, 0)
    node.end(call, 480)
    assert node.told == []


def test_an_emergency_call_is_not_counted_though_no_route_carries_it() -> None:
    node = eager(routes=())
    assert node.place(callee="911").rule == "route.none"
    assert node.told == []


def test_an_emergency_call_of_a_carrier_is_not_counted() -> None:
    node = eager()
    node.ledger.decided(node.decide_inbound(callee="911"))
    assert node.told == []


# From its beginning to its end

CODES = [200, 408, 480, 486, 487, 503, 603, 0]


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(CODES)), max_size=12))
def test_a_call_is_counted_until_it_ends_however_it_ends(ends: list[tuple[int, int]]) -> None:
    """Five calls are there; each end is of one of them, some are told twice."""
    node = Exchange(policy(parameters={"SS_BLACK_LIST_NO_ANSWER_LIMIT": 0}))
    holds = [node.forwarded(callee=f"1404555010{call}").hold for call in range(5)]
    for hold in holds:
        node.ledger.began(hold)
    for call, code in ends:
        node.ledger.ended(holds[call], {"code": code}, NOW if code == 200 else None)
    assert node.usage.concurrent("account/acme") == 5 - len({call for call, _ in ends})


def test_concurrent_calls_of_one_caller_are_told_when_they_begin() -> None:
    node = Exchange(policy(parameters={"malicious_concurrent": 2}))
    node.place()
    assert node.told == []
    node.place()
    assert told(node) == [("malicious-call", OWNED, "concurrent")]


PRICED = account(limits=Limits(rates="retail"))
RATES = (Rate("retail", "1", 60_000, increment=1),)


def test_a_call_costs_from_its_answer_to_its_end() -> None:
    node = Exchange(policy(PRICED, rates=RATES))
    hold = node.forwarded().hold
    node.ledger.began(hold)
    node.now += 20
    node.ledger.answered(hold)
    node.now += 30
    assert node.usage.spent("account/acme", node.now) == 30_000
    node.ledger.ended(hold, {"code": 200}, node.now - 30)
    node.now += 60
    assert node.usage.spent("account/acme", node.now) == 30_000


def test_a_call_of_an_edge_before_this_one_goes_on_and_costs_from_its_answer() -> None:
    node = Exchange(policy(PRICED, rates=RATES))
    node.ledger.resumed(node.forwarded().hold, NOW - 10)
    assert node.usage.concurrent("account/acme") == 1
    assert node.usage.spent("account/acme", NOW) == 10_000
    assert node.told == []


def test_what_no_call_holds_is_told_in_vain() -> None:
    node = eager()
    node.ledger.began(None)
    node.ledger.answered(None)
    node.ledger.resumed(None, NOW)
    node.ledger.ended(None, {"code": 480}, None)
    assert (node.told, node.usage.snapshot(NOW)["owners"]) == ([], {})


# The policy in force, and what others know


def test_the_parameters_are_those_of_the_policy_in_force() -> None:
    node = Exchange(policy())
    node.place()
    assert node.told == []
    node.snapshot = policy(parameters={"SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 2})
    node.place()
    assert told(node) == [MALICE]


def test_a_block_made_elsewhere_holds_here_and_is_not_told_again() -> None:
    node = Exchange(policy())
    node.ledger.learn((), (Block("no-answer", CALLEE, NOW, NOW + 60, "no-answer-streak"),))
    assert (node.refusal(), node.told) == ("dynamic.no-answer:callee", [])


def test_what_is_released_elsewhere_is_let_in_here_and_counted_anew() -> None:
    node = Exchange(policy(parameters={"SS_BLACK_LIST_CALLER_MALICIOUS_CALL_LIMIT": 2}))
    node.place()
    node.place()
    node.ledger.learn((Release("malicious-call", OWNED, NOW),), ())
    node.place()
    assert node.refusal() is None


def test_a_block_that_began_after_a_release_stays() -> None:
    node = Exchange(policy(), [Block("malicious-call", OWNED, NOW, None, "by-hand")])
    node.ledger.learn((Release("malicious-call", OWNED, NOW - 1),), ())
    assert node.refusal() == "dynamic.malicious-call:caller"


def test_what_was_released_and_blocked_again_is_blocked() -> None:
    node = Exchange(policy())
    block = Block("malicious-call", OWNED, NOW, None, "by-hand")
    node.ledger.learn((Release("malicious-call", OWNED, NOW),), (block,))
    assert node.refusal() == "dynamic.malicious-call:caller"
