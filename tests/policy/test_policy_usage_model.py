"""Whatever is told in whatever order, usage agrees with a plain list of the calls, and keeps nothing of those that ended."""

import pickle
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from gateway.policy.blocks import BlockType
from gateway.policy.limits import Limits
from gateway.policy.parameters import Parameters
from gateway.policy.rates import Rate, cost
from gateway.policy.tallies import MOST
from gateway.policy.usage import Hold, Outcome, Usage

OWNERS = ("peer/a", "peer/b", "account/x", "account/y")
NUMBERS = ("12155550100", "12155550101", "447700900123")
BEGIN = 1_783_080_000  # 2026-07-03T12:00:00Z
STRICT = Parameters(
    malicious_limit=7,
    malicious_concurrent=4,
    malicious_premium_share=50,
    no_answer_limit=3,
    no_answer_party="both",
    reg_fail_count=2,
    invalid_count=3,
)

rates = st.builds(Rate, st.just("t"), st.just("1"), st.integers(0, 10**7), st.sampled_from([1, 6, 60]))
holds = st.builds(
    Hold,
    owners=st.sampled_from([OWNERS[0::2], OWNERS[1::2], OWNERS[:1], ()]),
    caller=st.sampled_from([*NUMBERS, None]),
    callee=st.sampled_from(NUMBERS),
    charges=st.lists(st.tuples(st.sampled_from(OWNERS), rates), max_size=2).map(tuple),
)


@dataclass(eq=False)
class Call:
    """One call as a plain list of calls has it; `since` is the second of its answer."""

    hold: Hold
    since: int | None = None


class Told(RuleBasedStateMachine):
    """Every event in any order, ends that come twice and calls that never began among them; time goes both ways."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.usage = Usage(STRICT)
        self.now = BEGIN
        self.running: list[Call] = []
        self.settled = dict.fromkeys(OWNERS, 0)
        self.made = 0

    def new(self, hold: Hold, since: int | None = None) -> Call:
        """One more call, told apart from all others by its account: equal holds would be any of them."""
        self.made += 1
        call = Call(replace(hold, account=str(self.made)), since)
        self.running.append(call)
        return call

    @rule(target=calls, hold=holds)
    def began(self, hold: Hold) -> Call:
        call = self.new(hold)
        self.usage.began(call.hold, self.now)
        return call

    @rule(target=calls, hold=holds, ago=st.none() | st.integers(0, 300))
    def resumed(self, hold: Hold, ago: int | None) -> Call:
        call = self.new(hold, None if ago is None else self.now - ago)
        self.usage.resumed(call.hold, call.since)
        return call

    @rule(call=calls)
    def answered(self, call: Call) -> None:
        self.usage.answered(call.hold, self.now)
        if call in self.running and call.since is None:
            call.since = self.now

    @rule(call=calls, outcome=st.sampled_from(["answered", "no-answer", "failed"]), knows=st.booleans())
    def ended(self, call: Call, outcome: Outcome, knows: bool) -> None:
        self.usage.ended(call.hold, outcome, call.since if knows else None, STRICT, self.now)
        if call in self.running:
            self.running.remove(call)
            length = 0 if call.since is None else max(0, self.now - call.since)
            for owner, rate in call.hold.charges:
                self.settled[owner] += cost(rate, length)

    @rule(hold=holds)
    def ended_without_a_beginning(self, hold: Hold) -> None:
        never_begun = replace(hold, callee="0")
        assert self.usage.ended(never_begun, "answered", self.now - 60, STRICT, self.now) == []

    @rule(caller=st.sampled_from(NUMBERS), premium=st.booleans())
    def attempted(self, caller: str, premium: bool) -> None:
        was_blocked = self.usage.blocked("malicious-call", caller, self.now)
        found = self.usage.attempted(caller, premium, STRICT, self.now)
        assert not (was_blocked and found)

    @rule(
        account=st.sampled_from(["x", None]), check=st.sampled_from(["access.address", "prefix.x", "limit.x"])
    )
    def refused(self, account: str | None, check: str) -> None:
        for block in self.usage.refused(account, "192.0.2.1", check, STRICT, self.now):
            assert self.usage.blocked(block.type, block.subject, self.now) == block

    @rule(
        type=st.sampled_from(["malicious-call", "no-answer", "access", "account"]),
        subject=st.sampled_from([*NUMBERS, "192.0.2.1", "x"]),
    )
    def released(self, type: BlockType, subject: str) -> None:
        block = self.usage.blocked(type, subject, self.now)
        self.usage.release(type, subject, self.now)
        still = self.usage.blocked(type, subject, self.now)
        assert still == (block if block is not None and block.since > self.now else None)

    @rule(seconds=st.integers(-600, 600))
    def time_passes(self, seconds: int) -> None:
        self.now = max(BEGIN - 3600, min(BEGIN + 36_000, self.now + seconds))

    @invariant()
    def counts_are_those_of_the_list(self) -> None:
        for owner in OWNERS:
            at_once = sum(call.hold.owners.count(owner) for call in self.running)
            assert self.usage.concurrent(owner) == at_once
            assert self.usage.over(owner, Limits(concurrent=at_once + 1), self.now) is None
            assert self.usage.over(owner, Limits(concurrent=at_once), self.now) == "concurrent"

    @invariant()
    def money_is_that_of_the_list(self) -> None:
        for owner in OWNERS:
            started = [
                (rate, call.since)
                for call in self.running
                for payer, rate in call.hold.charges
                if payer == owner and call.since is not None
            ]
            spent = self.usage.spent(owner, self.now)
            assert spent >= self.settled[owner] >= 0
            if all(since <= self.now for _, since in started):
                each = sum(cost(rate, self.now - since) for rate, since in started)
                assert each - len(started) <= spent - self.settled[owner] <= each

    @invariant()
    def a_snapshot_restores_what_was_settled(self) -> None:
        restored = Usage(STRICT)
        restored.restore(self.usage.snapshot(self.now), self.now)
        for owner in OWNERS:
            assert restored.spent(owner, self.now) == self.settled[owner]


HOLD = Hold((OWNERS[0],), NUMBERS[0], NUMBERS[1], ((OWNERS[0], Rate("t", "1", 100)),), "x")


@given(st.lists(st.tuples(st.sampled_from(["began", "answered", "ended"]), st.integers(-5, 5))))
def test_equal_holds_are_counted_never_below_zero(events: list[tuple[str, int]]) -> None:
    usage, running = Usage(), 0
    for event, at in events:
        if event == "began":
            usage.began(HOLD, BEGIN)
            running += 1
        elif event == "answered":
            usage.answered(HOLD, BEGIN + at)
        else:
            usage.ended(HOLD, "answered", BEGIN + at, STRICT, BEGIN + at)
            running = max(0, running - 1)
        assert usage.concurrent(OWNERS[0]) == running
        assert usage.spent(OWNERS[0], BEGIN) >= 0


def test_calls_that_have_ended_leave_nothing_but_sums() -> None:
    usage, sizes = Usage(), []
    for number in range(200):
        hold = replace(HOLD, caller=f"1{number}", callee=f"2{number}")
        usage.began(hold, BEGIN)
        usage.answered(hold, BEGIN)
        usage.ended(hold, "answered", BEGIN, STRICT, BEGIN + 60)
        sizes.append(len(pickle.dumps(usage)))
    assert sizes[-1] - sizes[0] < 20


def test_a_flood_of_callers_has_its_bound() -> None:
    usage, sizes = Usage(), []
    for number in range(5 * MOST):
        usage.attempted(str(number), False, STRICT, BEGIN)
        if number % MOST == MOST - 1:
            sizes.append(len(pickle.dumps(usage)))
    assert max(sizes[2:]) < 1.1 * max(sizes[:2])


TestTold = Told.TestCase
TestTold.settings = settings(max_examples=60, stateful_step_count=40)
