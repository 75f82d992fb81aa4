"""Asked before each call and told after it, usage knows what is occupied, whatever the order of what it hears."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.policy.blocks import BY_HAND, Block
from gateway.policy.elsewhere import Figures
from gateway.policy.incidents import Attempt, Incident
from gateway.policy.limits import Limits
from gateway.policy.parameters import Parameters
from gateway.policy.rates import Rate
from gateway.policy.usage import Hold, Usage

RATE = Rate("retail", "1", per_minute=600_000, increment=60)
PEER, ACCOUNT = "peer/vos3000", "account/acme"
HOLD = Hold((PEER, ACCOUNT), "12155550100", "12125550101", ((ACCOUNT, RATE),), "acme")
DEFAULTS = Parameters()
NOON = 1_783_080_000.0  # 2026-07-03T12:00:00Z
MIDNIGHT = NOON + 43_200
TODAY = date(2026, 7, 3)


@pytest.mark.parametrize(
    ("limits", "over"),
    [
        pytest.param(Limits(concurrent=0), "concurrent", id="no call at once"),
        pytest.param(Limits(cps=0), "cps", id="no call a second"),
        pytest.param(Limits(spend_per_day=0), "spend", id="no money"),
        pytest.param(Limits(), None, id="no bound"),
        pytest.param(Limits(concurrent=1, cps=1, spend_per_day=1), None, id="room for one"),
    ],
)
def test_bounds_of_an_owner_without_calls(limits: Limits, over: str | None) -> None:
    assert Usage().over(ACCOUNT, limits, NOON) == over


def test_a_call_occupies_a_place_of_each_owner_until_it_ends() -> None:
    usage, limits = Usage(), Limits(concurrent=1)
    usage.began(HOLD, NOON)
    assert [usage.over(owner, limits, NOON) for owner in HOLD.owners] == ["concurrent", "concurrent"]
    assert usage.over("account/other", limits, NOON) is None
    usage.ended(HOLD, "failed", None, DEFAULTS, NOON)
    assert [usage.over(owner, limits, NOON) for owner in HOLD.owners] == [None, None]


def test_a_call_uses_a_token_and_a_question_does_not() -> None:
    usage, limits = Usage(), Limits(cps=2)
    for _ in range(2):
        assert [usage.over(ACCOUNT, limits, NOON) for _ in range(9)] == [None] * 9
        usage.began(HOLD, NOON)
    assert usage.over(ACCOUNT, limits, NOON) == "cps"
    assert usage.over(PEER, limits, NOON) is None
    assert usage.over(ACCOUNT, limits, NOON + 0.5) is None


def test_calls_that_ring_at_once_do_not_slip_below_the_bound_of_spend_together() -> None:
    usage, limits = Usage(), Limits(spend_per_day=1_200_000)
    usage.began(HOLD, NOON)
    assert usage.over(ACCOUNT, limits, NOON) is None
    usage.began(HOLD, NOON)
    assert usage.over(ACCOUNT, limits, NOON) == "spend"
    assert usage.spent(ACCOUNT, NOON) == 0
    usage.ended(HOLD, "no-answer", None, DEFAULTS, NOON + 30)
    assert usage.over(ACCOUNT, limits, NOON + 30) is None


def test_what_was_reserved_for_a_call_goes_when_it_is_answered() -> None:
    usage, limits = Usage(), Limits(spend_per_day=600_001)
    usage.began(HOLD, NOON)
    usage.answered(HOLD, NOON)
    assert usage.over(ACCOUNT, limits, NOON + 1) is None
    usage.ended(HOLD, "answered", NOON, DEFAULTS, NOON + 1)
    assert usage.over(ACCOUNT, limits, NOON + 1) is None
    assert usage.over(ACCOUNT, Limits(spend_per_day=600_000), NOON + 1) == "spend"


def test_a_call_that_still_rings_when_it_is_taken_up_again_is_reserved_for() -> None:
    usage = Usage()
    usage.resumed(HOLD, None)
    assert usage.over(ACCOUNT, Limits(spend_per_day=600_000), NOON) == "spend"


def test_a_call_without_an_end_is_over_the_spend_while_it_runs() -> None:
    usage, limits = Usage(), Limits(spend_per_day=1_200_000)
    usage.began(HOLD, NOON)
    usage.answered(HOLD, NOON)
    assert usage.over(ACCOUNT, limits, NOON + 60) is None
    assert usage.over(ACCOUNT, limits, NOON + 61) == "spend"
    assert usage.over(PEER, limits, NOON + 61) is None


def test_an_ended_call_costs_what_its_length_costs_in_the_day_it_ended() -> None:
    usage = Usage()
    usage.began(HOLD, MIDNIGHT - 90.3)
    usage.answered(HOLD, MIDNIGHT - 60.3)
    assert usage.spent(ACCOUNT, MIDNIGHT - 30) == 600_000
    usage.ended(HOLD, "answered", MIDNIGHT - 60.3, DEFAULTS, MIDNIGHT + 59.7)
    assert usage.spent(ACCOUNT, MIDNIGHT + 59.7) == 1_200_000
    assert usage.spent(ACCOUNT, MIDNIGHT + 86_400) == 0


def test_the_day_is_that_of_the_zone_of_the_parameters_told_last() -> None:
    usage = Usage()
    usage.attempted(None, False, Parameters(time_zone="Asia/Shanghai"), NOON)
    assert usage.snapshot(NOON + 4 * 3600)["day"] == "2026-07-04"


def test_a_call_nobody_answered_costs_nothing() -> None:
    usage = Usage()
    usage.began(HOLD, NOON)
    usage.ended(HOLD, "no-answer", None, DEFAULTS, NOON + 90)
    assert usage.spent(ACCOUNT, NOON + 90) == 0


def test_an_answer_that_was_not_told_is_known_at_the_end() -> None:
    usage = Usage()
    usage.began(HOLD, NOON)
    usage.ended(HOLD, "answered", NOON, DEFAULTS, NOON + 61)
    assert usage.spent(ACCOUNT, NOON + 61) == 1_200_000


def test_an_end_that_does_not_know_of_the_answer_costs_as_well() -> None:
    usage = Usage()
    usage.began(HOLD, NOON)
    usage.answered(HOLD, NOON)
    usage.ended(HOLD, "failed", None, DEFAULTS, NOON + 61)
    assert usage.spent(ACCOUNT, NOON + 61) == 1_200_000


def test_an_end_without_a_beginning_leaves_no_trace() -> None:
    usage = Usage(Parameters(no_answer_limit=1))
    assert usage.ended(HOLD, "no-answer", None, Parameters(no_answer_limit=1), NOON) == []
    usage.answered(HOLD, NOON)
    usage.ended(HOLD, "answered", NOON, DEFAULTS, NOON + 60)
    assert (usage.concurrent(ACCOUNT), usage.spent(ACCOUNT, NOON + 60)) == (0, 0)


def test_a_second_end_leaves_no_trace() -> None:
    usage = Usage()
    usage.began(HOLD, NOON)
    other = replace(HOLD, callee="12125550199")
    usage.began(other, NOON)
    for _ in range(3):
        usage.ended(HOLD, "answered", NOON, DEFAULTS, NOON + 60)
    assert (usage.concurrent(ACCOUNT), usage.spent(ACCOUNT, NOON + 60)) == (1, 600_000)


def test_a_second_answer_does_not_cost_again() -> None:
    usage = Usage()
    usage.began(HOLD, NOON)
    usage.answered(HOLD, NOON)
    usage.answered(HOLD, NOON + 1)
    assert usage.spent(ACCOUNT, NOON + 30) == 600_000


def test_a_clock_set_back_during_a_call_costs_nothing_and_breaks_nothing() -> None:
    usage = Usage()
    usage.began(HOLD, NOON)
    usage.answered(HOLD, NOON)
    assert usage.spent(ACCOUNT, NOON - 5000) == 0
    usage.ended(HOLD, "answered", NOON, DEFAULTS, NOON - 5000)
    assert (usage.concurrent(ACCOUNT), usage.spent(ACCOUNT, NOON - 5000)) == (0, 0)


def test_a_resumed_call_is_there_and_costs_since_its_answer_but_uses_no_token() -> None:
    usage = Usage()
    usage.over(ACCOUNT, Limits(cps=1), NOON)
    usage.resumed(HOLD, NOON - 60)
    usage.resumed(HOLD, None)
    assert usage.over(ACCOUNT, Limits(cps=1), NOON) is None
    assert (usage.concurrent(ACCOUNT), usage.spent(ACCOUNT, NOON)) == (2, 600_000)
    usage.ended(HOLD, "answered", NOON - 60, DEFAULTS, NOON + 60)
    usage.ended(HOLD, "no-answer", None, DEFAULTS, NOON + 60)
    assert (usage.concurrent(ACCOUNT), usage.spent(ACCOUNT, NOON + 60)) == (0, 1_200_000)


def test_a_call_keeps_the_rate_it_began_with() -> None:
    usage, dearer = Usage(), replace(HOLD, charges=((ACCOUNT, replace(RATE, per_minute=9_000_000)),))
    for hold in (HOLD, dearer):
        usage.began(hold, NOON)
        usage.answered(hold, NOON)
    usage.ended(HOLD, "answered", NOON, DEFAULTS, NOON + 60)
    assert usage.spent(ACCOUNT, NOON + 60) == 9_600_000


def test_a_withheld_caller_is_nobody_who_could_be_blocked() -> None:
    strict = Parameters(malicious_limit=1, malicious_concurrent=1)
    usage, hold = Usage(strict), replace(HOLD, caller=None)
    assert usage.attempted(None, True, strict, NOON) == []
    assert usage.began(hold, NOON) == []
    assert usage.ended(hold, "failed", None, strict, NOON) == []


def test_too_many_calls_at_once_block_the_caller_by_the_parameters_told_last() -> None:
    usage, strict = Usage(), Parameters(malicious_concurrent=2)
    usage.attempted(HOLD.caller, False, strict, NOON)
    assert usage.began(HOLD, NOON) == []
    (block,) = usage.began(HOLD, NOON)
    assert (block.subject, block.why) == (HOLD.caller, "concurrent")
    assert usage.blocked("malicious-call", block.subject, NOON) == block


def test_a_failed_call_neither_counts_as_unanswered_nor_breaks_the_row() -> None:
    usage, strict = Usage(), Parameters(no_answer_limit=2)
    found: list[Block] = []
    for outcome in ("no-answer", "failed", "failed", "no-answer"):
        usage.began(HOLD, NOON)
        found = usage.ended(HOLD, outcome, None, strict, NOON)
    assert [block.subject for block in found] == [HOLD.callee]


def test_an_answered_call_breaks_the_row() -> None:
    usage, strict = Usage(), Parameters(no_answer_limit=2)
    for outcome in ("no-answer", "answered", "no-answer"):
        usage.began(HOLD, NOON)
        assert usage.ended(HOLD, outcome, NOON if outcome == "answered" else None, strict, NOON) == []


def test_a_call_let_in_breaks_the_row_of_invalid_ones() -> None:
    usage, strict = Usage(), Parameters(invalid_count=2)
    for _ in range(3):
        assert usage.refused("acme", "192.0.2.7", "prefix.premium:account/acme", strict, NOON) == []
        usage.began(HOLD, NOON)


def test_a_block_is_put_listed_found_and_released() -> None:
    usage = Usage()
    block = Block("access", "192.0.2.7", NOON, None, BY_HAND)
    usage.block(block)
    assert usage.blocks(NOON) == [block]
    assert usage.blocked("access", "192.0.2.7", NOON) == block
    usage.release("access", "192.0.2.7", NOON)
    assert usage.blocks(NOON) == []


def test_a_release_does_not_reach_a_block_that_began_after_it() -> None:
    usage = Usage()
    block = Block("access", "192.0.2.7", NOON, None, BY_HAND)
    usage.block(block)
    usage.release("access", "192.0.2.7", NOON - 1)
    assert usage.blocks(NOON) == [block]


def test_a_released_caller_is_not_blocked_by_the_next_call() -> None:
    usage, strict = Usage(), Parameters(malicious_limit=5)
    for _ in range(5):
        usage.attempted("1", False, strict, NOON)
    usage.release("malicious-call", "1", NOON)
    assert usage.attempted("1", False, strict, NOON) == []
    assert usage.blocked("malicious-call", "1", NOON) is None


def test_nobody_is_released_who_is_not_blocked() -> None:
    usage = Usage()
    for type in ("malicious-call", "no-answer", "access", "account"):
        usage.release(type, "1", NOON)
    assert usage.blocks(NOON) == []


def busy() -> Usage:
    """Usage with a call of 60 s that has ended and one that runs since noon."""
    usage = Usage()
    for _ in range(2):
        usage.began(HOLD, NOON)
        usage.answered(HOLD, NOON)
    usage.ended(HOLD, "answered", NOON, DEFAULTS, NOON + 60)
    return usage


def test_a_snapshot_says_what_each_owner_uses() -> None:
    assert busy().snapshot(NOON + 61) == {
        "day": "2026-07-03",
        "time_zone": "UTC",
        "owners": {
            PEER: {"concurrent": 1, "spent": 0, "settled": 0},
            ACCOUNT: {"concurrent": 1, "spent": 1_800_000, "settled": 600_000},
        },
    }


def test_an_owner_without_use_is_not_in_a_snapshot() -> None:
    usage = Usage()
    usage.over(ACCOUNT, Limits(cps=1), NOON)
    assert usage.snapshot(NOON)["owners"] == {}


def test_what_was_settled_today_is_restored_and_running_calls_are_not() -> None:
    usage, state = Usage(), json.loads(json.dumps(busy().snapshot(NOON + 61)))
    usage.restore(state, NOON + 70)
    assert (usage.spent(ACCOUNT, NOON + 70), usage.concurrent(ACCOUNT)) == (600_000, 0)


def test_the_spend_of_yesterday_is_not_restored() -> None:
    usage = Usage()
    usage.restore(busy().snapshot(NOON), MIDNIGHT)
    assert usage.spent(ACCOUNT, MIDNIGHT) == 0


def test_the_day_of_a_snapshot_is_that_of_its_zone() -> None:
    shanghai = Parameters(time_zone="Asia/Shanghai")
    before, after = Usage(shanghai), Usage()
    before.began(HOLD, NOON + 5 * 3600)
    before.ended(HOLD, "answered", NOON + 5 * 3600, shanghai, NOON + 5 * 3600 + 60)
    after.restore(before.snapshot(NOON + 6 * 3600), NOON + 6 * 3600)
    assert after.spent(ACCOUNT, NOON + 6 * 3600) == 600_000


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({}, id="empty"),
        pytest.param({"day": "2026-07-03", "time_zone": "UTC", "owners": [1]}, id="no owners"),
        pytest.param({"day": "2026-07-03", "time_zone": "Mars", "owners": {}}, id="no zone"),
        pytest.param({"day": "2026-07-03", "time_zone": 7, "owners": {}}, id="zone of a number"),
        pytest.param({"time_zone": "UTC", "owners": {}}, id="no day"),
        *(
            pytest.param(
                {"day": "2026-07-03", "time_zone": "UTC", "owners": {ACCOUNT: {"settled": settled}}},
                id=f"settled {settled!r}",
            )
            for settled in (-1, 1.5, "1", None, True)
        ),
    ],
)
def test_what_is_no_snapshot_is_refused_whole(state: dict[str, Any]) -> None:
    usage = Usage(Parameters(time_zone="Asia/Shanghai"))
    with pytest.raises(ValueError, match="no snapshot of usage"):
        usage.restore(state, NOON)
    assert usage.snapshot(NOON)["time_zone"] == "Asia/Shanghai"


# What other nodes use


def test_calls_of_other_nodes_fill_the_bound_until_they_say_otherwise_or_are_gone() -> None:
    usage, limits = Usage(), Limits(concurrent=3)
    usage.began(HOLD, NOON)
    usage.heard("node-2", ACCOUNT, Figures(1, 0, 0, TODAY), 0, NOON)
    usage.heard("node-3", ACCOUNT, Figures(1, 0, 0, TODAY), 0, NOON)
    assert usage.over(ACCOUNT, limits, NOON) == "concurrent"
    usage.heard("node-3", ACCOUNT, Figures(0, 0, 0, TODAY), 0, NOON)
    assert usage.over(ACCOUNT, limits, NOON) is None
    usage.heard("node-3", ACCOUNT, Figures(5, 0, 0, TODAY), 0, NOON)
    assert usage.forgotten("node-3") == [ACCOUNT]
    assert usage.forgotten("node-3") == []
    assert (usage.concurrent(ACCOUNT), usage.own(ACCOUNT, NOON).concurrent) == (2, 1)


def test_calls_begun_elsewhere_take_tokens_and_their_debt_is_paid_within_a_second() -> None:
    usage, limits = Usage(), Limits(cps=10)
    assert usage.over(ACCOUNT, limits, NOON) is None
    usage.heard("node-2", ACCOUNT, Figures(0, 0, 0, TODAY), 1000, NOON)
    assert usage.over(ACCOUNT, limits, NOON + 1) == "cps"
    assert usage.over(ACCOUNT, limits, NOON + 1.2) is None


def test_money_spent_elsewhere_counts_for_its_own_day_and_outlives_its_node() -> None:
    usage, limits = Usage(), Limits(spend_per_day=100)
    usage.heard("node-2", ACCOUNT, Figures(0, 40, 60, TODAY), 0, NOON)
    assert usage.over(ACCOUNT, limits, NOON) == "spend"
    usage.forgotten("node-2")
    assert usage.committed(ACCOUNT, NOON) == 60
    assert usage.committed(ACCOUNT, MIDNIGHT + 1) == 0


def test_a_node_that_lost_its_record_takes_up_what_it_had_told_and_no_less() -> None:
    usage = Usage()
    for told in (300, 200, 300):
        usage.recall(ACCOUNT, told, TODAY, NOON)
    usage.recall(ACCOUNT, 999, TODAY - timedelta(days=1), NOON)
    assert usage.own(ACCOUNT, NOON).settled == 300


def test_others_hear_of_owners_that_somebody_has_asked_about_and_of_no_other() -> None:
    usage, news = Usage(), Heard()
    usage.news = news
    usage.began(HOLD, NOON)
    assert news.owners == []
    usage.over(ACCOUNT, Limits(concurrent=9), NOON)
    usage.began(HOLD, NOON)
    usage.answered(HOLD, NOON)
    usage.ended(HOLD, "answered", NOON, DEFAULTS, NOON + 1)
    assert set(news.owners) == {ACCOUNT} and news.begun_calls == [ACCOUNT]
    assert usage.asked() == [ACCOUNT] and usage.growing() == []


def test_what_nobody_counts_is_not_told() -> None:
    usage, news = Usage(), Heard()
    usage.news = news
    usage.refused("acme", "192.0.2.1", "limit.concurrent:account/acme", DEFAULTS, NOON)
    usage.block(Block("malicious-call", "12155550100", NOON, None, BY_HAND))
    usage.attempted("12155550100", False, DEFAULTS, NOON)
    assert news.incidents == []
    usage.attempted("12155550101", False, DEFAULTS, NOON)
    assert news.incidents == [Attempt("12155550101", False)]


def test_one_blocked_elsewhere_is_counted_anew_when_the_block_is_over() -> None:
    usage, strict = Usage(), Parameters(malicious_limit=3)
    for _ in range(2):
        usage.attempted("12155550100", False, strict, NOON)
    usage.block(Block("malicious-call", "12155550100", NOON, NOON + 60, "attempts"))
    assert usage.attempted("12155550100", False, strict, NOON + 61) == []
    assert usage.blocked("malicious-call", "12155550100", NOON + 61) is None


class Heard:
    """What other nodes would hear."""

    def __init__(self) -> None:
        self.owners: list[str] = []
        self.urgent: list[bool] = []
        self.begun_calls: list[str] = []
        self.incidents: list[Incident] = []

    def changed(self, owner: str, urgent: bool) -> None:
        self.owners.append(owner)
        self.urgent.append(urgent)

    def begun(self, owner: str) -> None:
        self.begun_calls.append(owner)

    def happened(self, incident: Incident) -> None:
        self.incidents.append(incident)

    def blocked(self, block: Block) -> None: ...


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(concurrent=8), id="calls at once"),
        pytest.param(Limits(cps=8), id="calls a second"),
        pytest.param(Limits(spend_per_day=8 * 600_000, rates="retail"), id="money"),
    ],
)
def test_other_nodes_hear_at_once_of_whoever_has_used_three_quarters_of_a_bound(limits: Limits) -> None:
    usage = Usage()
    usage.news = heard = Heard()
    for _ in range(7):
        usage.over(ACCOUNT, limits, NOON)
        heard.urgent.clear()
        usage.began(HOLD, NOON)
    assert heard.urgent == [True]


def test_other_nodes_hear_of_a_call_far_from_every_bound_with_the_next_ones() -> None:
    usage = Usage()
    usage.news = heard = Heard()
    usage.over(ACCOUNT, Limits(concurrent=8, cps=8, spend_per_day=8 * 600_000, rates="retail"), NOON)
    usage.began(HOLD, NOON)
    assert not any(heard.urgent)
    usage.over(ACCOUNT, Limits(concurrent=1), NOON)
    usage.ended(HOLD, "failed", None, DEFAULTS, NOON)
    assert heard.urgent[-1] is True
