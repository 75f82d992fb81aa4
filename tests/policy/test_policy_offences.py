"""Who reaches a limit is blocked once, for as long as it says; who is let in again begins anew."""

from collections.abc import Callable

import pytest

from gateway.policy.blocks import Block, Blocks
from gateway.policy.holds import Hold
from gateway.policy.offences import BLOCKED_ADDRESS, JUDGED_FROM, Offences
from gateway.policy.parameters import NoAnswerParty, Parameters

CALLER, CALLEE, SOURCE = "12155550100", "12125550101", "192.0.2.7"
HOLD = Hold(("account/acme",), CALLER, CALLEE, account="acme")
NOW = 1_000_000.0


class Desk:
    """Offences over a list of their own, told of `times` equal events; what they return is gathered."""

    def __init__(self, **limits: int | str) -> None:
        self.parameters = Parameters(**limits)  # type: ignore[arg-type]
        self.blocks = Blocks()
        self.offences = Offences(self.blocks)

    def attempts(self, times: int, premium: bool = False, now: float = NOW) -> list[Block]:
        return [b for _ in range(times) for b in self.offences.attempt(CALLER, premium, self.parameters, now)]

    def calls_at_once(self, times: int) -> list[Block]:
        found: list[Block] = []
        for _ in range(times):
            self.offences.enter(CALLER)
            found += self.offences.crowd(CALLER, self.parameters, NOW)
        return found

    def no_answers(self, times: int, hold: Hold = HOLD) -> list[Block]:
        return [b for _ in range(times) for b in self.offences.no_answer(hold, self.parameters, NOW)]

    def refusals(self, times: int, rule: str, account: str | None = "acme") -> list[Block]:
        return [
            b
            for _ in range(times)
            for b in self.offences.refusal(account, SOURCE, rule, self.parameters, NOW)
        ]

    def let_in_again(self, block: Block) -> None:
        self.blocks.remove(block.type, block.subject)
        self.offences.forget(block.type, block.subject)


@pytest.mark.parametrize("limit", ["malicious_limit", "no_answer_limit", "reg_fail_count", "invalid_count"])
def test_a_limit_of_zero_is_off(limit: str) -> None:
    desk = Desk(**{limit: 0})
    assert desk.attempts(99) + desk.no_answers(99) + desk.refusals(99, "access.address:account/acme") == (
        [] if limit == "reg_fail_count" else [Block("access", SOURCE, NOW, NOW + 3600, "failed-access")]
    )


def test_attempts_below_the_limit_block_nobody() -> None:
    assert Desk(malicious_limit=10).attempts(9) == []


def test_the_attempt_that_reaches_the_limit_blocks_the_caller_once() -> None:
    desk = Desk(malicious_limit=10, malicious_expire=600)
    block = Block("malicious-call", CALLER, NOW, NOW + 600, "attempts")
    assert desk.attempts(50) == [block]
    assert desk.blocks.find("malicious-call", CALLER, NOW) == block


def test_attempts_outside_the_window_block_nobody() -> None:
    desk = Desk(malicious_limit=10, malicious_window=60)
    assert [desk.attempts(5, now=NOW + 60 * minute) for minute in range(10)] == [[]] * 10


def test_a_caller_whose_block_has_run_out_begins_anew() -> None:
    desk = Desk(malicious_limit=10, malicious_expire=600)
    desk.attempts(50)
    assert desk.attempts(9, now=NOW + 600) == []
    assert len(desk.attempts(1, now=NOW + 600)) == 1


def test_a_caller_let_in_again_begins_anew() -> None:
    desk = Desk(malicious_limit=10)
    (block,) = desk.attempts(50)
    desk.let_in_again(block)
    assert desk.attempts(9) == []


@pytest.mark.parametrize(
    ("premium", "others", "why"),
    [
        pytest.param(JUDGED_FROM - 1, 0, [], id="too few to judge"),
        pytest.param(9, 11, [], id="a smaller share"),
        pytest.param(10, 10, ["premium-share"], id="just the share"),
        pytest.param(20, 0, ["premium-share"], id="all of them"),
    ],
)
def test_the_share_of_premium_destinations(premium: int, others: int, why: list[str]) -> None:
    desk = Desk(malicious_premium_share=50)
    found = desk.attempts(premium, premium=True) + desk.attempts(others)
    assert [block.why for block in found] == why


def test_no_share_is_judged_unless_asked_for() -> None:
    assert Desk().attempts(99, premium=True) == []


def test_the_call_that_is_one_too_many_at_once_blocks_the_caller_once() -> None:
    desk = Desk(malicious_concurrent=3, malicious_expire=600)
    assert desk.calls_at_once(2) == []
    assert desk.calls_at_once(4) == [Block("malicious-call", CALLER, NOW, NOW + 600, "concurrent")]


def test_a_caller_let_in_again_with_too_many_calls_is_let_be_until_they_are_fewer() -> None:
    desk = Desk(malicious_concurrent=3)
    (block,) = desk.calls_at_once(3)
    desk.let_in_again(block)
    assert desk.calls_at_once(1) == []
    for _ in range(3):
        desk.offences.leave(CALLER)
    assert desk.calls_at_once(1) == []
    assert [found.why for found in desk.calls_at_once(1)] == ["concurrent"]


@pytest.mark.parametrize(
    ("party", "blocked"),
    [("callee", [CALLEE]), ("caller", [CALLER]), ("both", [CALLEE, CALLER])],
)
def test_calls_in_a_row_without_answer_block_the_party_looked_at(
    party: NoAnswerParty, blocked: list[str]
) -> None:
    desk = Desk(no_answer_limit=3, no_answer_expire=600, no_answer_party=party)
    assert desk.no_answers(2) == []
    assert desk.no_answers(5) == [
        Block("no-answer", number, NOW, NOW + 600, "no-answer-streak") for number in blocked
    ]


def test_an_answered_call_breaks_the_row_of_both() -> None:
    desk = Desk(no_answer_limit=3, no_answer_party="both")
    for _ in range(5):
        assert desk.no_answers(2) == []
        desk.offences.answer(HOLD)


def test_calls_of_a_withheld_caller_count_for_the_callee_alone() -> None:
    desk = Desk(no_answer_limit=1, no_answer_party="both")
    withheld = Hold(("account/acme",), None, CALLEE)
    assert [block.subject for block in desk.no_answers(1, withheld)] == [CALLEE]


def test_a_number_that_calls_and_is_called_has_a_row_as_each() -> None:
    desk = Desk(no_answer_limit=2, no_answer_party="both")
    desk.no_answers(1, Hold((), "1", "2"))
    assert desk.no_answers(1, Hold((), "2", "3")) == []


def test_a_number_let_in_again_begins_a_new_row() -> None:
    desk = Desk(no_answer_limit=3)
    (block,) = desk.no_answers(5)
    desk.let_in_again(block)
    assert desk.no_answers(2) == []


def test_refused_accesses_block_their_address() -> None:
    desk = Desk(reg_fail_count=5, reg_fail_time=86_400)
    assert desk.refusals(4, "access.address:account/acme") == []
    block = Block("access", SOURCE, NOW, NOW + 86_400, "failed-access")
    assert desk.refusals(9, "access.address:account/acme") == [block]
    desk.let_in_again(block)
    assert desk.refusals(4, "access.address:account/acme") == []


@pytest.mark.parametrize(
    "rule",
    [
        "access.address:account/acme",
        "caller.too-long:account/acme",
        "callee.not-a-number",
        "prefix.premium:peer/vos3000",
    ],
)
def test_invalid_calls_in_a_row_lock_the_account_until_it_is_released(rule: str) -> None:
    desk = Desk(invalid_count=5, reg_fail_count=0)
    assert desk.refusals(4, rule) == []
    lock = Block("account", "acme", NOW, None, "invalid-calls")
    assert desk.refusals(9, rule) == [lock]
    desk.let_in_again(lock)
    assert desk.refusals(4, rule) == []


@pytest.mark.parametrize(
    "rule",
    ["limit.cps:account/acme", "list.black:peer/vos3000/x", "geofence.x", "", "prefixes.x", BLOCKED_ADDRESS],
)
def test_what_the_account_did_not_do_wrong_does_not_count(rule: str) -> None:
    assert Desk(invalid_count=1, reg_fail_count=1).refusals(9, rule) == []


def test_a_call_let_in_breaks_the_row_of_invalid_ones() -> None:
    desk = Desk(invalid_count=3)
    for _ in range(5):
        assert desk.refusals(2, "prefix.premium:account/acme") == []
        desk.offences.valid("acme")


@pytest.mark.parametrize(
    "offend",
    [
        pytest.param(lambda desk, times: desk.attempts(times), id="attempts"),
        pytest.param(lambda desk, times: desk.no_answers(times), id="no-answer"),
        pytest.param(lambda desk, times: desk.refusals(times, "access.x", account=None), id="access"),
        pytest.param(lambda desk, times: desk.refusals(times, "prefix.x"), id="invalid calls"),
    ],
)
def test_who_is_no_longer_blocked_for_any_cause_begins_anew(
    offend: Callable[[Desk, int], list[Block]],
) -> None:
    desk = Desk(malicious_limit=3, no_answer_limit=3, reg_fail_count=3, invalid_count=3)
    (block,) = offend(desk, 3)
    desk.blocks.remove(block.type, block.subject)
    assert offend(desk, 2) == []
    assert len(offend(desk, 1)) == 1


def test_without_an_account_no_account_is_locked() -> None:
    assert Desk(invalid_count=1).refusals(9, "prefix.premium:peer/vos3000", account=None) == []
