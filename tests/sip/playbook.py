"""A call without a port: four parties talk to one `Call`, and a test reads like a ladder diagram.

    with Playbook() as book:
        caller, worker, carrier = book.caller, book.worker, book.carrier
        caller >> "INVITE"      # the caller says it
        caller << "100"         # the next thing the caller hears is that
        worker << "INVITE a"

A saying is a method or a status; a status may name the method it answers ("200 BYE"; INVITE if it does not), and a
worker's saying ends in its leg. `say` adds headers, a body, a tag. Time stands still but in `book.wait`. At the end all
clocks run out, and what must hold of every call is checked: nothing is left unsaid, every slot taken was given back exactly
once, the call is over exactly once, and no timer outlives it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from types import TracebackType

from gateway.policy.peers import Peer
from gateway.sip.attempt import Target
from gateway.sip.call import Call
from gateway.sip.commands import Command, FreeSlot, Inner, Mark, Over, Repeat, Send, Stop, Timer, WantSlot
from gateway.sip.invited import leg_of_caller
from gateway.sip.leg import OWN_HOST, Local, passing_of
from gateway.sip.message import Message, parse, write
from gateway.sip.plan import Plan
from gateway.sip.received import Received
from gateway.sip.table import CallTable
from gateway.sip.values import Hop, options, response_hop, stamped, tag_of, via
from gateway.stir.tn import NumberPlan

TOKEN = "abcdefghijklmnop"
OWN = Local("udp", "192.0.2.250", 5060)
CALLER = Hop("udp", "192.0.2.1", 5060)
CARRIERS = tuple(Hop("udp", f"198.51.100.{n}", 5060) for n in (1, 2, 3))
EDGE, WORKERS = ("127.0.0.1", 7000), [("127.0.0.1", port) for port in range(7100, 7110)]
GIVE_UP = 32.0  # seconds a repetition lasts (64*T1)
OFFER = b"v=0\r\no=caller 1 1 IN IP4 192.0.2.1\r\n"
ANSWER = b"v=0\r\no=carrier 1 1 IN IP4 198.51.100.1\r\n"
SIGNATURE = "c2lnbmF0dXJl"
PROBE_SECONDS = 600.0
PASSED = ("P-Asserted-Identity", "X-*")


@dataclass(frozen=True, slots=True)
class Saying:
    """A message as a test writes it. `branch` and `cseq` stand where a test wants another than the usual ones."""

    what: str
    headers: tuple[str, ...] = ()
    body: bytes = b""
    tag: str | None = None
    branch: str = ""
    cseq: int = 0


def say(
    what: str, *headers: str, body: bytes = b"", tag: str | None = None, branch: str = "", cseq: int = 0
) -> Saying:
    return Saying(what, headers, body, tag, branch, cseq)


class Party:
    """One who talks with the call: what it hears waits in `ears`, `heard` is what it heard last."""

    def __init__(self, book: Playbook, name: str) -> None:
        self.book, self.name = book, name
        self.ears: deque[Message] = deque()
        self.heard: Message
        self.requests: dict[str, Message] = {}  # the last request it heard, by method

    def hears(self, message: Message) -> None:
        self.ears.append(message)
        if message.method:
            self.requests[message.method] = message

    def next(self, what: str) -> Message:
        assert self.ears, f"{self.name} should hear {what!r} and hears nothing"
        self.heard = self.ears.popleft()
        return self.heard

    def __lshift__(self, what: str) -> Message:
        """The next thing this party hears."""
        code, _, method = what.partition(" ")
        message = self.next(what)
        assert message.what == code, f"{self.name} should hear {what!r} and hears {message.what!r}"
        assert message.cseq_method == (method or (code if message.method else "INVITE"))
        return message

    def silent(self) -> None:
        assert not self.ears, f"{self.name} should hear nothing and hears {[m.what for m in self.ears]}"


class Outsider(Party):
    """A party outside: one end of a dialog."""

    def __init__(self, book: Playbook, name: str, hop: Hop, tag: str) -> None:
        super().__init__(book, name)
        self.hop, self.tag = hop, tag
        self.cseq = 0
        self.branches: dict[str, str] = {}  # of its last request, by method

    def __rshift__(self, what: str | Saying) -> None:
        """This party says something."""
        saying = what if isinstance(what, Saying) else Saying(what)
        if saying.what[0].isdigit():
            self._answer(saying)
        else:
            self._ask(saying)

    def _answer(self, saying: Saying) -> None:
        code, _, method = saying.what.partition(" ")
        request = self.requests[method or "INVITE"]
        to = request.get("to")
        tag = "" if tag_of(to) or code == "100" else f";tag={self.tag if saying.tag is None else saying.tag}"
        lines = [f"Via: {value}" for value in request.all("via")]
        lines += [f"From: {request.get('from')}", f"To: {to}{tag}", f"Call-ID: {request.get('call-id')}"]
        lines += [
            f"CSeq: {request.get('cseq')}",
            f"Contact: <sip:{self.name}@{self.hop.host}>",
            *saying.headers,
        ]
        self.book.outside_answers(parse(write(f"SIP/2.0 {code} said-{code}", lines, saying.body)))

    def _ask(self, saying: Saying) -> None:
        method = saying.what
        branch = saying.branch or self._branch(method)
        lines = [
            f"Via: SIP/2.0/UDP {self.hop.host};branch={branch}",
            "Max-Forwards: 70",
            *self._dialog(method, saying),
        ]
        lines += [f"Contact: <sip:{self.name}@{self.hop.host}>", *saying.headers]
        message = parse(write(f"{method} sip:x@{OWN.host} SIP/2.0", lines, saying.body))
        vias = [stamped(message.get("via"), self.hop)]
        self.book.outside_asks(Received(message, vias, branch, response_hop(via(vias[0]), self.hop)))

    def _branch(self, method: str) -> str:
        """CANCEL and the ACK of a refusal have their INVITE's branch, all else has one of its own."""
        refused = method == "ACK" and hasattr(self, "heard") and self.heard.status >= 300
        if method == "CANCEL" or refused:
            return self.branches["INVITE"]
        if method == "ACK":
            return f"z9hG4bK-{self.name}-ack{self.cseq}"
        self.branches[method] = f"z9hG4bK-{self.name}-{self.cseq + 1}"
        return self.branches[method]

    def _dialog(self, method: str, saying: Saying) -> list[str]:
        if method not in ("ACK", "CANCEL") and not saying.cseq:
            self.cseq += 1
        local, remote, call_id = self.book.dialog_of(self)
        if method == "CANCEL" and self is self.book.caller and not self.book.reinvited:
            remote = remote.partition(";tag=")[0]
        return [
            f"From: {local}",
            f"To: {remote}",
            f"Call-ID: {call_id}",
            f"CSeq: {saying.cseq or self.cseq} {method}",
        ]


class WorkerParty(Party):
    """The worker: leg A is the one it was called on, leg B the one it calls back on."""

    def __lshift__(self, what: str) -> Message:
        *words, leg = what.split()
        message = super().__lshift__(" ".join(words))
        assert message.get("call-id") == TOKEN + leg, f"{what!r} should be about leg {leg}"
        return message

    def __rshift__(self, what: str) -> None:
        words = what.split()
        code, method, leg = words[0], words[1] if len(words) > 2 else "", words[-1]
        if code.isdigit():
            self.book.worker_says(self._answer(code, method or "INVITE", leg))
        else:
            self.book.worker_says(self._ask(code, leg))

    def _answer(self, code: str, method: str, leg: str) -> bytes:
        lines = [
            "Via: SIP/2.0/UDP 127.0.0.1:7000;branch=z9hG4bK-edge",
            f"From: <sip:e@127.0.0.1:7000>;tag={TOKEN}",
        ]
        lines += ["To: <sip:w@127.0.0.1:7100>;tag=worker", f"Call-ID: {TOKEN}{leg}", f"CSeq: 1 {method}"]
        return write(f"SIP/2.0 {code} .", lines)

    def _ask(self, method: str, leg: str) -> bytes:
        tag = "" if method in ("INVITE", "CANCEL") else f";tag={TOKEN}"
        lines = [
            f"Via: SIP/2.0/UDP 127.0.0.1:7100;branch=z9hG4bK-{method}{leg}",
            "From: <sip:w@127.0.0.1:7100>;tag=worker",
        ]
        lines += [f"To: <sip:b@127.0.0.1:7000>{tag}", f"Call-ID: {TOKEN}{leg}", f"CSeq: 1 {method}"]
        return write(f"{method} sip:b@127.0.0.1:7000 SIP/2.0", lines)


def peer(name: str) -> Peer:
    return Peer(name, "carrier", NumberPlan.of("US"), pass_headers=PASSED)


class Playbook:
    """One call and its four parties. `offer` is the INVITE's body, `headers` are added to it.

    Without `decided`, the decision waits for `decide` or `turn_down`; `upstream` is what it wants the caller told.
    """

    def __init__(
        self,
        *headers: str,
        targets: int = 1,
        offer: bytes = OFFER,
        grant: bool = True,
        decided: bool = True,
        upstream: tuple[str, ...] = (),
    ) -> None:
        self.call: Call
        self.caller = Outsider(self, "caller", CALLER, "caller-tag")
        self.carriers = [
            Outsider(self, f"carrier{n}", hop, f"carrier{n}-tag") for n, hop in enumerate(CARRIERS)
        ]
        self.carrier = self.carriers[0]
        self.worker = WorkerParty(self, "worker")
        self.now = 0.0
        self.timers: dict[str, float] = {}  # when each runs out
        self.repeating: dict[str, Repeat] = {}
        self.granted = self.freed = self.died = self.over = 0
        self.refused = False  # the last slot was given back as refused
        self.reinvited = False
        self._headers, self._targets, self._offer, self._grant = headers, targets, offer, grant
        self._decided, self._upstream = decided, upstream
        self._table = CallTable()

    def __enter__(self) -> Playbook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.check()

    # What the parties say

    def outside_asks(self, received: Received) -> None:
        message = received.message
        if not hasattr(self, "call"):
            self._begin(received)
            return
        tag = tag_of(message.get("to"))
        found = self._table.by_tag(tag, message.get("call-id"), tag_of(message.get("from"))) if tag else None
        if found:
            found[0].inside(received, found[1])
        elif not self._table.by_invite(received.branch, message.get("call-id")):
            raise AssertionError(f"{message.what} belongs to no call")
        elif message.method == "INVITE":
            self.call.invited_again()
        elif message.method == "CANCEL":
            self.call.cancelled(received)
        else:
            self.call.acked(message)
        self.run()

    def _begin(self, received: Received) -> None:
        self.call = Call(TOKEN, received, leg_of_caller(TOKEN, received, OWN), "caller", EDGE)
        self._table.add(self.call)
        self.call.start()
        if self._decided:
            self.call.proceed(self.plan)
        self.run()

    @property
    def plan(self) -> Plan:
        """What is decided about the call."""
        return Plan(
            caller=f'"Caller" <sip:+12025550123@{OWN_HOST}>',
            callee="+12025550199",
            targets=[Target(peer(f"peer{n}"), CARRIERS[n], OWN) for n in range(self._targets)],
            headers=["Identity: signed"],
            passing=passing_of(PASSED),
            probe=PROBE_SECONDS,
            upstream=list(self._upstream),
            signature=SIGNATURE,
        )

    def decide(self) -> None:
        """The decision comes, late."""
        self.call.proceed(self.plan)
        self.run()

    def turn_down(self, code: int, phrase: str, headers: list[str]) -> None:
        """The decision comes, late, and is a refusal."""
        self.call.refuse(code, phrase, headers, {"rule": "late"})
        self.run()

    def outside_answers(self, message: Message) -> None:
        found = self._table.by_via(message.get("via"))
        assert found, f"{message.what} answers nothing of this call"
        found[0].response(message, found[1])
        self.run()

    def worker_says(self, data: bytes) -> None:
        self.call.from_worker(parse(data))
        self.run()

    def forge(self, request: Message, code: int, key: str) -> None:
        """A response that claims to answer a request of ours that never was."""
        answer = Message(list(request.headers), dict(request.first), b"")
        answer.status, answer.cseq, answer.cseq_method = code, request.cseq, request.cseq_method
        self.call.response(answer, key)
        self.run()

    def dialog_of(self, party: Outsider) -> tuple[str, str, str]:
        """From, To and Call-ID of a request this party makes now."""
        if party is self.caller:
            to = self.call.a.local if hasattr(self, "call") else f"<sip:+12025550199@{OWN.host}>"
            tag = f";tag={self.call.a.local_tag}" if hasattr(self, "call") else ""
            return f"<sip:+12025550123@{CALLER.host}>;tag={party.tag}", to + tag, "call@192.0.2.1"
        invite = party.requests["INVITE"] if party.requests["INVITE"].get("to") else party.heard
        to = invite.get("to")
        return to if tag_of(to) else f"{to};tag={party.tag}", invite.get("from"), invite.get("call-id")

    # What the call asks for

    def run(self) -> None:
        for command in self.call.out:  # grows while it is worked through, as in the edge
            assert not self.over, f"{command} after the end"
            self._do(command)
        self.call.out.clear()

    def _do(self, command: Command) -> None:
        match command:
            case Send(hop, data):
                self._deliver(hop, data)
            case Repeat(key, hop, data):
                self._deliver(hop, data)
                self.timers[key] = self.now + GIVE_UP
                self.repeating[key] = command
            case Timer(key, seconds):
                self.timers[key] = self.now + seconds
            case Stop(key):
                self.timers.pop(key, None)
                self.repeating.pop(key, None)
            case Inner(data):
                self.worker.hears(parse(data))
            case WantSlot():
                if self._grant:
                    self._give_slot()
            case FreeSlot(refused):
                self.freed, self.refused = self.freed + 1, refused
                assert self.freed + self.died <= self.granted, "a slot was freed twice"
            case Mark():
                pass
            case Over():
                self.over += 1

    def _deliver(self, hop: Hop, data: bytes) -> None:
        assert b"127.0.0" not in data, f"something of the inside is seen outside: {data!r}"
        message = parse(data)
        if message.method == "INVITE" and tag_of(message.get("to")):
            self.reinvited = True
        party = next((each for each in (self.caller, *self.carriers) if each.hop.host == hop.host), None)
        assert party, f"{message.what} to a place nobody named: {hop}"
        party.hears(message)

    # The world

    def grant(self) -> None:
        """A worker has room after all."""
        if self.call.bridge.waiting:
            self._give_slot()
            self.run()

    def _give_slot(self) -> None:
        self.granted += 1
        self.call.granted(self.granted, WORKERS[self.granted % len(WORKERS)])

    def no_room(self) -> None:
        if self.call.bridge.waiting:
            self.call.no_room()
            self.run()

    def die(self) -> None:
        """The worker is gone, and its slot with it."""
        if self.granted > self.freed + self.died:
            self.died += 1
        self.call.worker_died()
        self.run()

    def end(self, rule: str) -> None:
        self.call.end(rule)
        self.run()

    def runs_out(self, key: str) -> None:
        """This timer does; or nobody ever answered what this key repeats, or no connection could be made for it."""
        assert key in self.timers, f"{key!r} does not run; {sorted(self.timers)} do"
        del self.timers[key]
        self.repeating.pop(key, None)
        self.call.timeout(key)
        self.run()

    def wait(self, seconds: float) -> None:
        """Let time pass: what runs out by then does so in its order."""
        until = self.now + seconds
        while due := [(when, key) for key, when in self.timers.items() if when <= until]:
            self.now, key = min(due)
            self.runs_out(key)
            if self.over:
                return
        self.now = until

    # The stock phrases of a ladder

    def invite(self) -> None:
        """From the caller's INVITE to the carrier's."""
        self.caller >> say("INVITE", *self._headers, body=self._offer)
        self.caller << "100"
        self.worker << "INVITE a"
        self.worker >> "INVITE b"
        self.carrier << "INVITE"

    def ring(self) -> None:
        self.invite()
        self.carrier >> "180"
        self.caller << "180"

    def answer(self) -> None:
        """From the carrier's 200 to the caller's ACK."""
        self.carrier >> say("200", body=ANSWER)
        self.worker << "200 b"
        self.worker >> "ACK b"
        self.worker >> "200 a"
        self.worker << "ACK a"
        self.caller << "200"
        self.carrier << "ACK"
        self.caller >> "ACK"

    def answer_after(self, caller: Outsider, cseq: int = 1) -> None:
        """The answer, when the caller has sent other requests since its INVITE, which had this number."""
        sent, caller.cseq = caller.cseq, cseq
        self.answer()
        caller.cseq = sent

    def talk(self) -> None:
        self.ring()
        self.answer()

    def caller_hangs_up(self) -> None:
        self.caller >> "BYE"
        self.caller << "200 BYE"
        self.worker << "BYE a"
        self.worker >> "200 BYE a"
        self.worker >> "BYE b"
        self.worker << "200 BYE b"
        self.carrier << "BYE"
        self.carrier >> "200 BYE"

    def refuse_inside(self) -> None:
        """The worker passes a refusal across: the edge has told leg B, leg A hears it."""
        self.worker << "480 b"
        self.worker >> "ACK b"
        self.worker >> "480 a"
        self.worker << "ACK a"

    # What must hold of every call

    def silent(self) -> None:
        """Nothing was said that the test did not expect."""
        for party in (self.caller, *self.carriers, self.worker):
            party.silent()

    def check(self) -> None:
        self.silent()
        held = self.granted - self.freed - self.died
        assert held == 0, f"{held} slots are still taken when everything is said"
        assert not self.repeating, f"still being repeated: {sorted(self.repeating)}"
        self.run_out()
        self.silent()

    def run_out(self) -> None:
        """All clocks run out: then the call is over, with nothing left."""
        self.wait(1000.0)
        assert self.over == 1, "the call never ends"
        assert self.granted == self.freed + self.died, "a slot was lost"
        assert "code" in self.call.record, "the caller was never told"


def required(message: Message) -> list[str]:
    return options(message.all("require"))
