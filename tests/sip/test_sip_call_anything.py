"""Whatever anybody says, in whatever order: a call never fails, holds no slot for ever, tells its caller how it ended, and is
over once its clocks have run out."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from playbook import ANSWER, OFFER, Playbook, say

SAYINGS = ["INVITE", "UPDATE", "INFO", "PRACK", "OPTIONS", "REFER", "BYE", "ACK"]
CODES = ["100", "180", "183", "200", "302", "404", "408", "487", "491", "503", "600"]
TAGS = ["first", "second", ""]
WORKER = [
    *(
        "INVITE b",
        "ACK b",
        "ACK a",
        "BYE a",
        "BYE b",
        "CANCEL b",
        "200 a",
        "480 a",
        "486 a",
        "180 a",
        "INFO a",
    ),
    *("200 BYE a", "200 BYE b", "200 CANCEL a", "487 a", "481 BYE a"),
]
KEYS = [
    "i0",
    "i1",
    "ya",
    "yb",
    "ra1",
    "rb2",
    "rb3",
    "fa",
    "frb2",
    "x0i0",
    "nonsense",
    "lost",
    "linger",
    "drop",
    "worker",
]


class AnyCall(RuleBasedStateMachine):
    """A call among people who do not keep to the rules."""

    @initialize(offer=st.sampled_from([OFFER, b""]), carriers=st.integers(0, 3), grant=st.booleans())
    def begin(self, offer: bytes, carriers: int, grant: bool) -> None:
        self.book = Playbook(targets=carriers, offer=offer, grant=grant)
        self.book.caller >> say("INVITE", body=offer)

    @rule(what=st.sampled_from(SAYINGS), body=st.sampled_from([b"", ANSWER]), again=st.booleans())
    def caller_asks(self, what: str, body: bytes, again: bool) -> None:
        self._asks(0, what, body, again)

    @rule(
        who=st.integers(1, 3),
        what=st.sampled_from(SAYINGS),
        body=st.sampled_from([b"", ANSWER]),
        again=st.booleans(),
    )
    def carrier_asks(self, who: int, what: str, body: bytes, again: bool) -> None:
        if "INVITE" in self.book.carriers[who - 1].requests:
            self._asks(who, what, body, again)

    def _asks(self, who: int, what: str, body: bytes, again: bool) -> None:
        party = (self.book.caller, *self.book.carriers)[who]
        branch, cseq = (party.branches.get(what, ""), max(party.cseq, 0)) if again else ("", 0)
        if not self.book.over:
            party >> say(what, "RAck: 1 1 INVITE", body=body, branch=branch, cseq=cseq)

    @rule()
    def caller_cancels(self) -> None:
        if not self.book.over:
            self.book.reinvited = False
            self.book.caller >> say("CANCEL", branch="z9hG4bK-caller-1", cseq=1)

    @rule()
    def caller_repeats_its_invite(self) -> None:
        if not self.book.over:
            self.book.call.invited_again()
            self.book.run()

    @rule()
    def caller_acknowledges_its_invite(self) -> None:
        if not self.book.over:
            self.book.caller >> say("ACK", branch="z9hG4bK-caller-1", cseq=1)

    @rule(who=st.integers(1, 3), code=st.sampled_from(CODES), tag=st.sampled_from(TAGS), data=st.data())
    def carrier_answers(self, who: int, code: str, tag: str, data: st.DataObject) -> None:
        carrier = self.book.carriers[who - 1]
        asked = sorted(set(carrier.requests) - {"ACK"})
        if asked and not self.book.over:
            method = data.draw(st.sampled_from(asked))
            carrier >> say(f"{code} {method}", "RSeq: 1", body=ANSWER, tag=tag)

    @rule(code=st.sampled_from(CODES), data=st.data())
    def caller_answers(self, code: str, data: st.DataObject) -> None:
        asked = sorted(set(self.book.caller.requests) - {"ACK"})
        if asked and not self.book.over:
            self.book.caller >> f"{code} {data.draw(st.sampled_from(asked))}"

    @rule(key=st.sampled_from(KEYS), code=st.sampled_from(CODES), data=st.data())
    def somebody_answers_what_we_never_asked(self, key: str, code: str, data: st.DataObject) -> None:
        if not self.book.over and self.book.carrier.requests:
            request = data.draw(st.sampled_from(sorted(self.book.carrier.requests)))
            self.book.forge(self.book.carrier.requests[request], int(code), key)

    @rule(what=st.sampled_from(WORKER))
    def worker_says(self, what: str) -> None:
        if not self.book.over:
            self.book.worker >> what

    @rule()
    def there_is_room(self) -> None:
        if not self.book.over:
            self.book.grant()

    @rule()
    def there_is_no_room(self) -> None:
        if not self.book.over:
            self.book.no_room()

    @rule(of=st.sampled_from(["the worker", "the node"]))
    def end(self, of: str) -> None:
        if self.book.over:
            return
        if of == "the node":
            self.book.end("drain")
        elif self.book.call.bridge.worker is not None:
            self.book.die()

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 32.0]))
    def time_passes(self, seconds: float) -> None:
        if not self.book.over:
            self.book.wait(seconds)

    @rule(data=st.data())
    def no_connection_can_be_made(self, data: st.DataObject) -> None:
        if self.book.repeating and not self.book.over:
            self.book.runs_out(data.draw(st.sampled_from(sorted(self.book.repeating))))

    @invariant()
    def no_more_slots_are_freed_than_taken(self) -> None:
        if hasattr(self, "book"):
            assert 0 <= self.book.granted - self.book.freed - self.book.died <= 1

    def teardown(self) -> None:
        if not hasattr(self, "book"):
            return
        book = self.book
        if not book.over:
            book.no_room()
            book.end("drain")
            book.run_out()
        assert book.over == 1
        assert book.granted == book.freed + book.died
        assert "code" in book.call.record


AnyCall.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestAnyCall = pytest.mark.timeout(120)(AnyCall.TestCase)
