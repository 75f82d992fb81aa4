"""One call: events in, commands out (`gateway.sip.commands`). Pure: it holds no socket, no clock, no randomness.

Three conversations make a call. Leg A is the outside dialog with the caller's side, leg B the one with the called side;
between them stands the inner call, the B2BUA of a pjsua2 worker. Set-up and hang-up pass through the worker:

    caller       edge        worker        edge        callee
      │ INVITE ──▶│ INVITE a ──▶│             │            │
      │◀── 100    │             │ INVITE b ──▶│ INVITE ───▶│   `Attempt`, one a target
      │◀──────────────────────────────────────│◀── 180     │   progress needs no worker
      │           │             │◀── 200 b    │◀── 200     │
      │◀── 200    │◀── 200 a    │ ACK b ─────▶│ ACK ──────▶│
      │ ACK ─────▶│             │             │            │
      │ BYE ─────▶│ BYE a ─────▶│ BYE b ─────▶│ BYE ──────▶│

What only the two ends understand (re-INVITE, UPDATE, INFO, PRACK) is relayed between the legs: `gateway.sip.relay`.
The inner network is a perfect one, so the worker's transactions end at once; the outside's losses are repaired here, by
`Repeat`. A worker that dies, hangs or says nonsense costs this call and no other: both outside legs are ended all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.sip import answers
from gateway.sip.attempt import Attempt, News, Target
from gateway.sip.commands import Command, FreeSlot, Inner, Mark, Over, Repeat, Send, Stop, Timer, WantSlot
from gateway.sip.inner import InnerCall
from gateway.sip.leg import OWN_HOST, Leg, Local, Passing, address_of, unsupported, without_parameters
from gateway.sip.message import BadMessage, Message
from gateway.sip.relay import Received, Relay, Relays
from gateway.sip.values import tag_of

WORKER_SECONDS = (
    1.0  # a worker that has not answered leg A by then never will: pjsip drops what it cannot read
)
HANGUP_SECONDS = 1.0  # how long a worker may take to pass a hang-up across
RING_SECONDS = 185.0  # RFC 3261 §16.6 timer C: longer than any caller waits
PROBES = ("oa", "ob")  # the OPTIONS that ask leg A and leg B for a sign of life
LINGER_SECONDS = 5.0  # RFC 3261 T4: what is still on its way arrives by then
LOST_SECONDS = 40.0  # an ending call is forgotten by then, whatever is missing: 64*T1 and some


@dataclass(slots=True)
class Plan:
    """What was decided about a call, in SIP's terms: who calls whom (leg B's From value and the called user part), where
    it may go, which headers we add (Identity, Date), which of the caller's go across, after how many seconds of an
    established call its ends are probed, and what the log shall say."""

    caller: str
    callee: str
    targets: list[Target]
    headers: list[str]
    passing: Passing
    probe: float
    facts: dict[str, Any] = field(default_factory=dict)


class Call:
    """The state of one call. Every public method is an event; what it asks for stands in `out` afterwards."""

    __slots__ = (
        "_a_over", "_ack_body_due", "_acked", "_answer", "_answered", "_attempt", "_attempts", "_b_over", "_byes",
        "_cancelled", "_ended", "_ending", "_final", "_plan", "_reason", "_received", "_relays", "_slot_held", "_told",
        "a", "b", "edge_address", "inner", "invite_key", "out", "parties", "record", "token", "waiting", "worker",
        "worker_address",
    )  # fmt: skip

    def __init__(
        self, token: str, received: Received, a: Leg, plan: Plan, edge_address: tuple[str, int]
    ) -> None:
        self.token, self.a, self._plan, self._received = token, a, plan, received
        self.invite_key = (received.branch, received.message.get("call-id"))
        self.edge_address = edge_address
        self.out: list[Command] = []
        self.b: Leg | None = None
        self.inner: InnerCall | None = None
        self.worker: int | None = None
        self.worker_address = ("", 0)
        self.waiting = True  # for a slot
        self.record = plan.facts
        self.parties: set[str] = {plan.facts["peer"]}  # the peers that may speak of this call
        self._relays = Relays(self.out)
        self._attempts: list[Attempt] = []
        self._attempt: Attempt | None = None
        self._answer: Message | None = None  # the carrier's last final answer
        self._told = b""  # what the caller was told last
        self._final: bytes | None = None  # and in the end
        self._answered = False  # told with a 2xx
        self._acked = False  # and has acknowledged it
        self._cancelled = self._ended = self._ending = False
        self._a_over = self._b_over = False
        self._slot_held = False
        # Without an offer in the INVITE, the answer comes in the ACK (RFC 3264 §4, RFC 3261 §13.2.1).
        self._ack_body_due = not received.message.body
        self._reason: list[str] = []
        self._byes: set[str] = set()  # those of ours not answered yet

    @property
    def ending(self) -> bool:
        """Whether it is being taken down."""
        return self._ending

    @property
    def up(self) -> bool:
        """Whether both sides talk: answered, acknowledged, not ending."""
        return self._acked and not self._ending

    # The caller's side: the INVITE transaction

    def start(self) -> None:
        """A call was accepted: say so and ask for a worker."""
        self._reply(100, [])
        self.out.append(WantSlot())

    def granted(self, worker: int, address: tuple[str, int]) -> None:
        """There is room in a worker."""
        self.waiting, self._slot_held, self.worker = False, True, worker
        self.worker_address = address
        self.inner = InnerCall(self.token, self.edge_address, address)
        self.out += (Inner(self.inner.invite()), Timer("worker", WORKER_SECONDS))

    def no_room(self) -> None:
        """No worker has room, and waiting did not help."""
        self._refuse(503, "no-worker")

    def invited_again(self) -> None:
        """The caller repeats its INVITE: repeat what it was told last (RFC 3261 §17.2.1)."""
        self.out.append(Send(self._received.reply_to, self._told))

    def cancelled(self, received: Received) -> None:
        """CANCEL of the INVITE (RFC 3261 §9.2)."""
        self._tell(received, 200)
        if self._final or self._cancelled:
            return
        self._cancelled = True
        self._keep_reason(received.message)
        if self.inner and not self.inner.a_over:
            self.out += (Inner(self.inner.cancel()), Timer("drop", HANGUP_SECONDS))
            self._fail_inner()
        else:
            self._refuse(487, "cancelled")

    def acked(self, message: Message) -> None:
        """ACK of what the INVITE was answered with."""
        if not self._final:
            return
        self.out.append(Stop("fa"))
        if self._answered and not self._acked:
            self.out.append(Timer("probe", self._plan.probe))
        self._acked = self._answered
        if not self._answered:
            self._close_a()
        elif self._ack_body_due and self._attempt:
            self._ack_body_due = False
            self._attempt.confirm(self._plan.passing.lines(message), message.body)
        if self._ending:
            self._hang_up_a()

    def _reply(self, code: int, headers: list[str], body: bytes = b"", phrase: str = "") -> None:
        tag = self.a.local_tag if code > 100 else ""
        self._told = self._received.answer(code, headers, body, phrase, tag)
        self.out.append(Send(self._received.reply_to, self._told))

    def _conclude(self, code: int, headers: list[str], body: bytes = b"", phrase: str = "") -> None:
        """Tell the caller how its INVITE ended, until it acknowledges."""
        self.waiting = False
        self._told = self._final = self._received.answer(code, headers, body, phrase, self.a.local_tag)
        self._answered = code < 300
        self.record["code"] = code
        self.out.append(Mark("concluded"))
        self.out.append(Repeat("fa", self._received.reply_to, self._final, always=self._answered))

    def _refuse(self, code: int, rule: str) -> None:
        """End the call before it was answered, for a reason of ours."""
        if self._final:
            return
        self.record.setdefault("ended_by", rule)
        headers = [f"Retry-After: {answers.RETRY_AFTER}"] if code == 503 else []
        self._conclude(code, headers)
        self._end()

    # The called side: attempts

    def _try_next(self) -> bool:
        """Send the call to its next target, if there is one."""
        if not self._plan.targets or self._final or self._cancelled:
            return False
        target = self._plan.targets.pop(0)
        number = len(self._attempts)
        leg = Leg(
            side="b",
            token=self.token,
            own=target.own,
            hop=target.hop,
            call_id=f"{self.token}{number or ''}@{target.own.host}",
            local=self._plan.caller.replace(OWN_HOST, target.own.host),
            local_tag=f"{self.token}b{number}",
            remote=f"<{address_of(self._plan.callee, target.hop)}>",
            target=address_of(self._plan.callee, target.hop),
        )
        self.b, self._attempt = leg, Attempt(number, target, leg, self.out)
        self._attempts.append(self._attempt)
        self.record["carrier"] = target.peer.name
        self.parties.add(target.peer.name)
        message = self._received.message
        lines = [leg.contact(), answers.ALLOW, *self._plan.headers, *self._plan.passing.lines(message)]
        self._attempt.start(lines, message.body, int(message.get("max-forwards") or 70) - 1)
        self.out.append(Timer("next", target.peer.try_next_after))
        return True

    def response(self, message: Message, key: str) -> None:
        """A response from outside to a request of ours, found by its branch."""
        if message.cseq_method == "CANCEL":
            self.out.append(Stop(f"c{key}"))
        elif key[0] == "i":
            self._invite_response(message, key)
        elif relay := self._relays.by_key(key):
            relay.answered(message, self._passing_from(relay))
        elif message.status >= 200 and key in PROBES:
            self._probed(message.status, key)
        elif message.status >= 200 and (key in self._byes or key[0] == "x"):
            self.out.append(Stop(key))
            self._bye_done(key)

    def _passing_from(self, relay: Relay) -> Passing:
        return self._b_passing() if relay.to_side == "b" else self._plan.passing

    def _invite_response(self, message: Message, key: str) -> None:
        attempt = next((each for each in self._attempts if each.key == key), None)
        if not attempt:
            return
        if attempt is self._attempt and not attempt.heard and not self._ending:
            self.out += (Stop("next"), Timer("ring", RING_SECONDS))
        news = attempt.response(message)
        if news is News.PROGRESS:
            self._progress(message)
        elif news is News.ANSWER:
            self._carrier_answered(message)
        elif news is News.REFUSAL:
            self._carrier_refused(message, attempt)
        if self._ending:
            self._settle()

    def _progress(self, message: Message) -> None:
        if self._final:
            return
        if "progress" not in self.record:
            self.record["progress"] = message.status
            self.out.append(Mark("progress"))
        lines = [self.a.contact(), answers.ALLOW, *self._record_routes(), *self._b_passing().lines(message)]
        self._reply(message.status, lines, message.body, message.phrase)

    def _carrier_answered(self, message: Message) -> None:
        self.out.append(Stop("ring"))
        self._answer = message
        if self.inner and self.inner.b_open:
            self.out.append(Inner(self.inner.answer()))

    def _carrier_refused(self, message: Message, attempt: Attempt) -> None:
        self.out += (Stop("ring"), Stop("next"))
        if message.status in answers.TRY_NEXT and not attempt.early and self._try_next():
            return
        self._answer = message
        self._fail_inner()

    def _fail_inner(self) -> None:
        """Leg B failed: the worker passes that on to leg A."""
        if self.inner and self.inner.b_open and self.inner.b_invite:
            self.inner.b_over = True
            self.out += (Inner(self.inner.reply(self.inner.b_invite, 480)), Timer("drop", HANGUP_SECONDS))
            self._release()

    def _b_passing(self) -> Passing:
        assert self._attempt
        return passing_of(self._attempt.target.peer.pass_headers)

    # The worker's side

    def from_worker(self, message: Message) -> None:
        """A message of the call's worker."""
        if not self.inner:
            return
        on_a = message.get("call-id").endswith("a")
        if message.method:
            self._worker_asks(message, on_a)
        elif message.cseq_method == "INVITE" and on_a:
            self._worker_answers(message)
        elif message.cseq_method == "BYE" and message.status >= 200:
            self._inner_over(on_a)

    def _worker_asks(self, message: Message, on_a: bool) -> None:
        inner = self.inner
        assert inner
        method = message.method
        if method == "INVITE" and not on_a:
            self._worker_invites(message)
        elif method == "CANCEL" and inner.b_invite:
            self.out += (Inner(inner.reply(message, 200)), Inner(inner.reply(inner.b_invite, 487)))
            self._inner_over(on_a=False)
            self._hang_up_b()
        elif method == "BYE":
            self.out.append(Inner(inner.reply(message, 200)))
            self._inner_over(on_a)
            if on_a:
                self._hang_up_a()
            else:
                self._hang_up_b()

    def _worker_invites(self, message: Message) -> None:
        """Leg B: call the first target. 100 Trying is for a worker that asks again; most calls get on without."""
        inner = self.inner
        assert inner
        if inner.b_invite is not None or inner.b_over:
            self.out.append(Inner(inner.reply(message, 480 if inner.b_over else 100)))
            return
        inner.b_invite = message
        self.out.append(Stop("worker"))
        if not self._try_next():
            self._fail_inner()

    def _worker_answers(self, message: Message) -> None:
        """The worker's answer on leg A: the carrier's own words go to the caller."""
        inner = self.inner
        assert inner
        if message.status < 200:
            return
        self.out += (Stop("worker"), Inner(inner.ack(message)))
        if self._final:
            if message.status >= 300:
                self._inner_over(on_a=True)
            return
        if message.status < 300:
            self._pass_answer()
            return
        inner.a_over = True
        if inner.b_invite is None:
            inner.b_over = True
        if message.status in (486, 488) and inner.b_invite is None and not self._cancelled:
            self._free(refused=True)  # the library's own "no room", before any callback
            self.out.append(WantSlot())
            self.waiting = True
            return
        self._release()
        self._pass_refusal()

    def _pass_answer(self) -> None:
        answer = self._answer
        if not answer or answer.status >= 300:
            self._refuse(500, "worker-nonsense")
            return
        self.out.append(Stop("drop"))  # a CANCEL that crosses the answer has no effect (RFC 3261 §9.2)
        lines = [self.a.contact(), answers.ALLOW, *self._record_routes(), *self._b_passing().lines(answer)]
        self._conclude(answer.status, lines, answer.body, answer.phrase)
        if not self._ack_body_due and self._attempt:
            # Now, not before: what the callee says next must find the caller answered.
            self._attempt.confirm([], b"")

    def _record_routes(self) -> list[str]:
        return [f"Record-Route: {value}" for value in self._received.message.all("record-route")]

    def _pass_refusal(self) -> None:
        answer = self._answer
        if self._cancelled:
            self._conclude(487, [])
        elif answer and answer.status >= 300:
            code, phrase, extra = answers.relayed_final(answer.status, answer.phrase)
            self._conclude(code, [*self._b_passing().lines(answer), *extra], answer.body, phrase)
        elif self._attempts:
            self._conclude(408, [])
        else:
            self._conclude(503, [f"Retry-After: {answers.RETRY_AFTER}"])
        self._end()

    def worker_died(self) -> None:
        """The worker is gone, or has forgotten this call: end it on both sides."""
        self.record.setdefault("ended_by", "worker-lost")
        self._slot_held = False
        if self.inner:
            self.inner.a_over = self.inner.b_over = True
        self._end()
        if not self._final:
            self._refuse(487 if self._cancelled else 500, "worker-lost")

    def _inner_over(self, on_a: bool) -> None:
        inner = self.inner
        assert inner
        if on_a:
            inner.a_over = True
        else:
            inner.b_over = True
        self._release()
        if not (inner.over and self._final):
            self.out.append(Timer("drop", HANGUP_SECONDS))
        self._settle()

    def _release(self) -> None:
        if self.inner and self.inner.over:
            self._free()

    def _free(self, refused: bool = False) -> None:
        if self._slot_held:
            self._slot_held = False
            self.out.append(FreeSlot(refused))

    # Inside the dialogs

    def inside(self, received: Received, leg: Leg) -> None:
        """A request from outside within one of the call's dialogs."""
        message = received.message
        method = message.method
        if method == "ACK":
            self._ack_inside(message, leg)
        elif method == "CANCEL":
            self._cancel_relay(received, leg)
        elif method == "BYE":
            self._bye(received, leg)
        elif again := self._relays.find(leg, received):
            again.again()
        elif method == "OPTIONS":
            self._tell(received, 481 if self._ending else 200, [answers.ALLOW])
        elif method not in answers.RELAYED:
            self._tell(received, 405, [answers.ALLOW])
        else:
            self._open_relay(received, leg)

    def _ack_inside(self, message: Message, leg: Leg) -> None:
        if leg is self.a and message.cseq == self._received.message.cseq:
            self.acked(message)
        elif relay := self._relays.of_cseq(leg, message.cseq):
            relay.acked(message, self._plan.passing if leg is self.a else self._b_passing())

    def _cancel_relay(self, received: Received, leg: Leg) -> None:
        relay = self._relays.find(leg, received)
        self._tell(received, 200 if relay else 481)
        if relay:
            relay.cancel()

    def _bye(self, received: Received, leg: Leg) -> None:
        self._tell(received, 200)
        self._keep_reason(received.message)
        if leg is self.a and not self._final:
            self._cancelled = True
            self._refuse(487, "caller")
            return
        self.record.setdefault("ended_by", "caller" if leg is self.a else "callee")
        if leg is self.a:
            self.out.append(Stop("fa"))
            self._close_a()
        else:
            self._b_over = True
            if self._attempt and not self._attempt.final:
                self._attempt.abandon([])  # it may not hang up what it has not answered (RFC 3261 §15)
        self._end_inner(leg is self.a)
        self._ending_soon()

    def _keep_reason(self, message: Message) -> None:
        """Why one end hung up is told to the other (RFC 3326)."""
        self._reason = [f"Reason: {value}" for value in message.all("reason")]

    def _open_relay(self, received: Received, leg: Leg) -> None:
        to = self.b if leg is self.a else self.a
        message = received.message
        if self._ending or not to or not to.remote_tag:
            self._tell(received, 481)
        elif message.cseq <= leg.remote_cseq:
            self._tell(received, 500)
        elif unknown := unsupported(message):
            self._tell(received, 420, [f"Unsupported: {', '.join(unknown)}"])
        elif relay := self._relays.open(received, leg, to):
            leg.remote_cseq = message.cseq
            relay.start(self._plan.passing if leg is self.a else self._b_passing(), self._rack(message, leg))
        else:
            self._tell(received, 500, [f"Retry-After: {answers.RETRY_AFTER}"])

    def _rack(self, message: Message, leg: Leg) -> list[str]:
        """RAck names an INVITE by its CSeq, which differs from leg to leg (RFC 3262 §7.2)."""
        parts = message.get("rack").split()
        if message.method != "PRACK" or len(parts) != 3 or not parts[1].isdecimal() or len(parts[1]) > 10:
            return []
        relay = self._relays.of_cseq(leg, int(parts[1]))
        return [f"RAck: {parts[0]} {relay.cseq if relay else 1} {parts[2]}"]

    def _tell(self, received: Received, code: int, headers: list[str] | None = None) -> None:
        self.out.append(Send(received.reply_to, received.answer(code, headers or [], tag=self.a.local_tag)))

    # The end

    def end(self, rule: str) -> None:
        """The gateway itself ends the call."""
        self.record.setdefault("ended_by", rule)
        if not self._final:
            self._refuse(503, rule)
        self._end()

    def _end(self) -> None:
        """End whatever is still up, on all sides."""
        self._end_inner(True)
        self._hang_up_b()
        self._hang_up_a()
        self._ending_soon()

    def _end_inner(self, from_a: bool) -> None:
        """Tell the worker; it passes the hang-up across, and if it does not within `HANGUP_SECONDS` we do."""
        inner = self.inner
        if not inner or inner.over:
            return
        if from_a and not inner.a_over:
            self.out.append(Inner(inner.bye_a() if inner.a_tag else inner.cancel()))
            self._fail_inner()
        elif not from_a and inner.b_answered and not inner.b_over:
            self.out.append(Inner(inner.bye_b()))
        else:
            self._fail_inner()
        self.out.append(Timer("drop", HANGUP_SECONDS))

    def _hang_up_a(self) -> None:
        """Not before it has acknowledged our answer, or will not any more (RFC 3261 §15)."""
        if not self._a_over and self._acked:
            self._a_over = True
            self._send_bye(self.a, "ya")
        self._ending_soon()

    def _hang_up_b(self) -> None:
        if self._b_over:
            return
        self._b_over = True
        self.out += (Stop("next"), Stop("ring"))
        attempt = self._attempt
        if attempt and self._answer and self._answer.status < 300 and self.b:
            attempt.confirm([], b"")
            self._send_bye(self.b, "yb")
        elif attempt and not attempt.final:
            attempt.abandon(self._reason)
        self._ending_soon()

    def _send_bye(self, leg: Leg, key: str) -> None:
        self._byes.add(key)
        self.out.append(Repeat(key, leg.hop, leg.request("BYE", key, self._reason)))

    def _bye_done(self, key: str) -> None:
        """A BYE of ours was answered, or never will be."""
        self._byes.discard(key)
        self._settle()

    def _close_a(self) -> None:
        self._a_over = True
        self._ending_soon()

    def _ending_soon(self) -> None:
        if not self._ending:
            self._ending = True
            self.out += (Mark("ended"), Timer("lost", LOST_SECONDS))
            self.out += [Stop(key) for key in ("ring", "next", "probe", *PROBES)]
        self._settle()

    def _settle(self) -> None:
        """Once both sides and the worker are done, linger a little for what is still on its way."""
        if self._ended or not self._ending or not (self._a_over and (self._b_over or not self._attempts)):
            return
        if (
            self._byes
            or (self.inner and not self.inner.over)
            or not all(each.over for each in self._attempts)
        ):
            return
        self._ended = True
        self.out += (Stop("drop"), Stop("lost"), Timer("linger", LINGER_SECONDS))

    # Time

    def timeout(self, key: str) -> None:
        """A timer ran out, or a repetition was never answered."""
        if key in ("linger", "lost"):
            self._free()
            self.out.append(Over())
        elif key == "worker":
            self.record.setdefault("ended_by", "worker-silent")
            self._free(refused=True)
            self.worker_died()
        elif key == "drop":
            self._drop()
        elif key in ("next", "ring") or key[0] == "i":
            self._silent()
        elif key == "fa":
            self._never_acked()
        elif key == "probe":
            self._probe()
        elif key in PROBES:
            self.end("party-gone")
        elif relay := self._relays.by_key(key):
            relay.unanswered()
        else:
            self._bye_done(key)

    def taken_up(self) -> None:
        """Another edge held this call until now: its timers are gone, so are the ones that ran."""
        self.out.append(Timer("probe", self._plan.probe))

    def _probe(self) -> None:
        """Ask both ends whether they still know the call: one that vanished would hold its slot for ever."""
        if self.up and self.b:
            for leg, key in zip((self.a, self.b), PROBES, strict=True):
                self.out.append(Repeat(key, leg.hop, leg.request("OPTIONS", key, [leg.contact()])))
            self.out.append(Timer("probe", self._plan.probe))

    def _probed(self, status: int, key: str) -> None:
        """Any answer is a sign of life, but for those that say the dialog is gone (RFC 3261 §12.2.1.2)."""
        self.out.append(Stop(key))
        if status in (408, 481) and not self._ending:
            self.end("party-gone")

    def _silent(self) -> None:
        """The target says nothing, or rings for ever: the next one, or nobody."""
        if self._final or not self._attempt or self._attempt.final:
            return
        self._attempt.abandon([])
        self.out += (Stop("next"), Stop("ring"))
        if self._attempt.early or not self._try_next():
            self.record.setdefault("ended_by", "silence")
            self._fail_inner()

    def _never_acked(self) -> None:
        """The caller never acknowledged: an answered call is torn down (RFC 3261 §13.3.1.4), a refused one is over."""
        if self._answered:
            self._acked = True  # as far as it ever will
            self.record.setdefault("ended_by", "never-acknowledged")
            self._end()
        else:
            self._close_a()

    def _drop(self) -> None:
        """The worker did not pass the end across in time: do without it."""
        inner = self.inner
        if inner and not inner.over:
            inner.a_over = inner.b_over = True
            self._free(refused=True)
        if not self._final:
            self._pass_refusal()
        self._end()


_PASSING: dict[tuple[str, ...], Passing] = {}


def passing_of(names: tuple[str, ...]) -> Passing:
    """The `Passing` of a peer's list; one object a list, for there are as many as peers."""
    found = _PASSING.get(names)
    if found is None:
        found = _PASSING[names] = Passing(names)
    return found


def leg_a(token: str, received: Received, own: Local) -> Leg:
    """The caller's dialog, as its INVITE makes it; raises BadMessage where its Contact leads nowhere."""
    message = received.message
    to = message.get("to")
    sender = message.get("from")
    leg = Leg(
        side="a",
        token=token,
        own=own,
        hop=received.reply_to,
        call_id=message.get("call-id"),
        local=to,
        local_tag=f"{token}a",
        remote=without_parameters(sender),
        remote_tag=tag_of(sender),
        remote_cseq=message.cseq,
    )
    leg.learn(message, reverse=False)
    if not leg.target:
        raise BadMessage("bad-contact")
    return leg
