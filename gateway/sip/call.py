"""One call: events in, commands out (`gateway.sip.commands`). Pure: it holds no socket, no clock, no randomness.

Leg A is the outside dialog with the caller's side (`Invited` while it is being answered), leg B the one with the called
side (`Hunt`, one `Attempt` a target). Between them stands the inner call, the B2BUA of a pjsua2 worker (`Bridge`). Set-up
and hang-up pass through the worker:

    caller       edge        worker        edge        callee
      │ INVITE ──▶│ INVITE a ──▶│             │            │
      │◀── 100    │             │ INVITE b ──▶│ INVITE ───▶│   one attempt a target
      │◀──────────────────────────────────────│◀── 180     │   progress needs no worker
      │           │             │◀── 200 b    │◀── 200     │
      │◀── 200    │◀── 200 a    │ ACK b ─────▶│ ACK ──────▶│
      │ ACK ─────▶│             │             │            │
      │ BYE ─────▶│ BYE a ─────▶│ BYE b ─────▶│ BYE ──────▶│

What only the two ends understand (re-INVITE, UPDATE, INFO, PRACK) is relayed between the legs: `gateway.sip.relay`. The
inner network is a perfect one, so the worker's transactions end at once; the outside's losses are repaired here, by
`Repeat`. A worker that dies, hangs or says nonsense costs this call and no other: both outside legs are ended all the same.
"""

from __future__ import annotations

from typing import Any

from gateway.policy.holds import Hold
from gateway.sip import answers, hunt
from gateway.sip.attempt import News
from gateway.sip.bridge import Bridge
from gateway.sip.commands import Command, Mark, Over, Repeat, Send, Stop, Timer
from gateway.sip.hunt import Hunt
from gateway.sip.invited import FINAL, Invited
from gateway.sip.leg import Leg, Passing, unsupported
from gateway.sip.message import Message
from gateway.sip.plan import Plan, undecided
from gateway.sip.received import Received
from gateway.sip.relay import Relays, translated_rack

BYE_A = "ya"
PROBES = ("oa", "ob")  # the OPTIONS that ask leg A and leg B for a sign of life
LINGER_SECONDS = 5.0  # RFC 3261 T4: what is still on its way arrives by then
LOST_SECONDS = 40.0  # an ending call is forgotten by then, whatever is missing: 64*T1 and some


class Call:
    """The state of one call. Every public method is an event; what it asks for stands in `out` afterwards."""

    __slots__ = (
        "_a_over", "_ack_body_due", "_byes", "_cancelled", "_ended", "_hunt", "_invited", "_plan", "_reason", "_relays",
        "a", "bridge", "ending", "invite_key", "out", "parties", "record", "token",
    )  # fmt: skip

    def __init__(self, token: str, received: Received, a: Leg, peer: str, edge: tuple[str, int]) -> None:
        self.token, self.a, self._plan = token, a, undecided()
        self.invite_key = (received.branch, received.message.get("call-id"))
        self.out: list[Command] = []
        self.record: dict[str, Any] = {"peer": peer}
        self.parties: set[str] = {peer}  # the peers that may speak of this call
        self.bridge = Bridge(token, edge, self.out)
        self.ending = False  # being taken down
        self._invited = Invited(received, a, self.out)
        self._hunt = Hunt(token, self._plan, received.message, self.out)
        self._relays = Relays(self.out)
        self._cancelled = self._ended = self._a_over = False
        # Without an offer in the INVITE, the answer comes in the ACK (RFC 3264 §4, RFC 3261 §13.2.1).
        self._ack_body_due = not received.message.body
        self._reason: list[str] = []  # why one end hung up, for the other
        self._byes: set[str] = set()  # those of ours not answered yet

    @property
    def b(self) -> Leg | None:
        """The dialog with the called side, once there is one."""
        return self._hunt.leg

    @property
    def hold(self) -> Hold | None:
        """What it occupies while it lasts, once it was accepted."""
        return self._plan.hold

    @property
    def up(self) -> bool:
        """Whether both sides talk: answered, acknowledged, not ending."""
        return self._invited.acked and not self.ending

    # The caller's INVITE

    def start(self) -> None:
        """The INVITE has come and shall not come again; what becomes of it is being decided."""
        self._invited.trying()

    @property
    def given_up(self) -> bool:
        """Whether the call is over before it was decided."""
        return self._invited.final or self.ending

    def proceed(self, plan: Plan) -> None:
        """The call was accepted: ask for a worker."""
        self._plan = plan
        self._hunt = Hunt(self.token, plan, self._invited.received.message, self.out)
        self._invited.owed = plan.upstream
        self.record |= plan.facts
        self.bridge.want()

    def refuse(self, code: int, phrase: str, headers: list[str], facts: dict[str, Any]) -> None:
        """The call was refused."""
        self.record |= facts
        self._conclude(code, headers, phrase=phrase)
        self._end()

    def no_room(self) -> None:
        """No worker has room, and waiting did not help."""
        self._refuse(503, "no-worker")

    def invited_again(self) -> None:
        """The caller repeats its INVITE."""
        self._invited.again()

    def cancelled(self, received: Received) -> None:
        """CANCEL of the INVITE (RFC 3261 §9.2)."""
        self._tell(received, 200)
        if self._invited.final or self._cancelled:
            return
        self._cancelled = True
        self._keep_reason(received.message)
        if not self.bridge.cancel_a():
            self._refuse(487, "cancelled")

    def acked(self, message: Message) -> None:
        """ACK of what the INVITE was answered with."""
        if not self._invited.final:
            return
        if self._invited.answered and not self._invited.acked:
            self.out.append(Timer("probe", self._plan.probe))
        self._invited.settle()
        if not self._invited.answered:
            self._close_a()
        elif self._ack_body_due:
            self._ack_body_due = False
            self._hunt.confirm(self._plan.passing.lines(message), message.body)
        if self.ending:
            self._hang_up_a()

    def _refuse(self, code: int, rule: str) -> None:
        """End the call before it was answered, for a reason of ours."""
        if not self._invited.final:
            self.record.setdefault("ended_by", rule)
            self._conclude(code)
            self._end()

    def _conclude(
        self, code: int, headers: list[str] | None = None, body: bytes = b"", phrase: str = ""
    ) -> None:
        self.bridge.waiting = False
        self.record["code"] = code
        self._invited.refuse(code, headers or [], body, phrase)

    # The called side

    def response(self, message: Message, key: str) -> None:
        """A response from outside to a request of ours, found by its branch."""
        if message.cseq_method == "CANCEL":
            self.out.append(Stop(f"c{key}"))
        elif key[0] == "i":
            self._invite_response(message, key)
        elif relay := self._relays.by_key(key):
            relay.answered(message, self._passing_from(relay.to_side))
        elif message.status >= 200 and key in PROBES:
            self._probed(message.status, key)
        elif message.status >= 200 and (key in self._byes or key[0] == "x"):
            self.out.append(Stop(key))
            self._bye_done(key)

    def _invite_response(self, message: Message, key: str) -> None:
        news = self._hunt.response(message, key)
        if news is News.PROGRESS and not self._invited.final:
            self._progress(message)
        elif news is News.ANSWER:
            self.bridge.answer_b()
        elif news is News.REFUSAL and not self._try_next():
            self.bridge.refuse_b()
        if self.ending:
            self._settle()

    def _try_next(self) -> bool:
        """Send the call to its next target, if there is one and the last one leaves it to us."""
        if self._invited.final or self._cancelled or (self._hunt.started and not self._hunt.movable):
            return False
        name = self._hunt.next()
        if name is None:
            return False
        self.record["carrier"] = name
        self.parties.add(name)
        return True

    def _progress(self, message: Message) -> None:
        if "progress" not in self.record:
            self.record["progress"] = message.status
            self.out.append(Mark("progress"))
        self._invited.progress(message, self._lines_of(message))

    def _lines_of(self, message: Message) -> list[str]:
        """What of the callee's answer reaches the caller; a complaint about our signature is for us alone."""
        lines, complaints = self._hunt.lines(message)
        if complaints:
            self.record["complaint"] = complaints[0].cause or 0
        return lines

    def _passing_from(self, side: str) -> Passing:
        return self._plan.passing if side == "a" else self._hunt.passing

    # The worker

    def granted(self, worker: int, address: tuple[str, int]) -> None:
        """There is room in a worker."""
        self.bridge.open(worker, address)

    def from_worker(self, message: Message) -> None:
        """A message of the call's worker."""
        if self.bridge.worker is None:
            return
        on_a = message.get("call-id").endswith("a")
        method = message.method
        if method == "INVITE" and not on_a:
            if self.bridge.invited(message) and not self._try_next():
                self.bridge.refuse_b()
        elif method == "CANCEL" and self.bridge.called_back:
            self.bridge.cancelled_b(message)
            self._worker_left(on_a=False)
        elif method == "BYE":
            self.bridge.ok(message)
            self._worker_left(on_a)
        elif message.cseq_method == "INVITE" and on_a and message.status >= 200:
            self._worker_answers(message)
        elif message.cseq_method == "BYE" and message.status >= 200:
            self._leg_over(on_a)

    def _worker_left(self, on_a: bool) -> None:
        """The worker ends a leg: so does the side of it outside."""
        self._leg_over(on_a)
        if on_a:
            self._hang_up_a()
        else:
            self._hang_up_b()

    def _worker_answers(self, message: Message) -> None:
        """The worker's answer on leg A: the callee's own words go to the caller."""
        self.bridge.answered_a(message)
        if self._invited.final:
            if message.status >= 300:
                self._leg_over(on_a=True)
        elif message.status < 300:
            self._pass_answer()
        elif self._cancelled or not self.bridge.no_room_after_all(message):
            self.bridge.release()
            self._pass_refusal()

    def _pass_answer(self) -> None:
        answer = self._hunt.answer
        if not answer or not self._hunt.answered:
            self._refuse(500, "worker-nonsense")
            return
        self.out.append(Stop("drop"))  # a CANCEL that crosses the answer has no effect (RFC 3261 §9.2)
        self.record["code"] = answer.status
        self._invited.answer(answer, self._lines_of(answer))
        if not self._ack_body_due:
            # Now, not before: what the callee says next must find the caller answered.
            self._hunt.confirm([], b"")

    def _pass_refusal(self) -> None:
        answer = self._hunt.answer
        if self._cancelled:
            self._conclude(487)
        elif answer and answer.status >= 300:
            if answer.status < 400:
                self.record.setdefault("ended_by", "redirect")
            code, phrase, extra = answers.relayed_final(answer.status, answer.phrase)
            self._conclude(code, [*self._lines_of(answer), *extra], answer.body, phrase)
        else:
            self._conclude(408 if self._hunt.started else 503)
        self._end()

    def worker_died(self) -> None:
        """The worker is gone, or has forgotten this call: end it on both sides."""
        self.record.setdefault("ended_by", "worker-lost")
        self.bridge.lost()
        self._end()
        self._refuse(487 if self._cancelled else 500, "worker-lost")

    def _leg_over(self, on_a: bool) -> None:
        self.bridge.ended(on_a)
        if not (self.bridge.over and self._invited.final):
            self.bridge.hurry()
        self._settle()

    # Inside the dialogs

    def inside(self, received: Received, leg: Leg) -> None:
        """A request from outside within one of the call's dialogs."""
        method = received.message.method
        if method == "ACK":
            self._ack_inside(received.message, leg)
        elif method == "CANCEL":
            self._cancel_relay(received, leg)
        elif method == "BYE":
            self._bye(received, leg)
        elif again := self._relays.find(leg, received):
            again.again()
        elif method == "OPTIONS":
            self._tell(received, 481 if self.ending else 200, [answers.ALLOW])
        elif method not in answers.RELAYED:
            self._tell(received, 405, [answers.ALLOW])
        else:
            self._open_relay(received, leg)

    def _ack_inside(self, message: Message, leg: Leg) -> None:
        if leg is self.a and message.cseq == self._invited.received.message.cseq:
            self.acked(message)
        elif relay := self._relays.of_cseq(leg, message.cseq):
            relay.acked(message, self._passing_from(leg.side))

    def _cancel_relay(self, received: Received, leg: Leg) -> None:
        relay = self._relays.find(leg, received)
        self._tell(received, 200 if relay else 481)
        if relay:
            relay.cancel()

    def _open_relay(self, received: Received, leg: Leg) -> None:
        to = self.b if leg is self.a else self.a
        message = received.message
        if self.ending or not to or not to.remote_tag:
            self._tell(received, 481)
        elif message.cseq <= leg.remote_cseq:
            self._tell(received, 500)
        elif unknown := unsupported(message):
            self._tell(received, 420, [f"Unsupported: {', '.join(unknown)}"])
        elif relay := self._relays.open(received, leg, to):
            leg.remote_cseq = message.cseq
            relay.start(self._passing_from(leg.side), translated_rack(message, leg, self._relays))
        else:
            self._tell(received, 500, [f"Retry-After: {answers.RETRY_AFTER}"])

    def _tell(self, received: Received, code: int, headers: list[str] | None = None) -> None:
        self.out.append(Send(received.reply_to, received.answer(code, headers or [], tag=self.a.local_tag)))

    # The end

    def _bye(self, received: Received, leg: Leg) -> None:
        self._tell(received, 200)
        self._keep_reason(received.message)
        if leg is self.a and not self._invited.final:
            self._cancelled = True
            self._refuse(487, "caller")
            return
        self.record.setdefault("ended_by", "caller" if leg is self.a else "callee")
        if leg is self.a:
            self._invited.settle()
            self._close_a()
        else:
            self._hunt.left()
        self.bridge.hang_up(leg is self.a)
        self._ending_soon()

    def _keep_reason(self, message: Message) -> None:
        """Why one end hung up is told to the other (RFC 3326)."""
        self._reason = [f"Reason: {value}" for value in message.all("reason")]

    def end(self, rule: str) -> None:
        """The gateway itself ends the call."""
        self.record.setdefault("ended_by", rule)
        self._refuse(503, rule)
        self._end()

    def _end(self) -> None:
        """End whatever is still up, on all sides."""
        self.bridge.hang_up(from_a=True)
        self._hang_up_b()
        self._hang_up_a()
        self._ending_soon()

    def _hang_up_a(self) -> None:
        """Not before it has acknowledged our answer, or will not any more (RFC 3261 §15)."""
        if not self._a_over and self._invited.acked:
            self._a_over = True
            self._byes.add(BYE_A)
            self.out.append(Repeat(BYE_A, self.a.hop, self.a.request("BYE", BYE_A, self._reason)))
        self._ending_soon()

    def _hang_up_b(self) -> None:
        if self._hunt.close(self._reason):
            self._byes.add(hunt.BYE)
        self._ending_soon()

    def _bye_done(self, key: str) -> None:
        """A BYE of ours was answered, or never will be."""
        self._byes.discard(key)
        self._settle()

    def _close_a(self) -> None:
        self._a_over = True
        self._ending_soon()

    def _ending_soon(self) -> None:
        if not self.ending:
            self.ending = True
            self.out += (Mark("ended"), Timer("lost", LOST_SECONDS))
            self.out += [Stop(key) for key in ("ring", "next", "probe", *PROBES)]
        self._settle()

    def _settle(self) -> None:
        """Once both sides and the worker are done, linger a little for what is still on its way."""
        done = self._a_over and self._hunt.over and self.bridge.over and not self._byes
        if done and self.ending and not self._ended:
            self._ended = True
            self.out += (Stop("drop"), Stop("lost"), Timer("linger", LINGER_SECONDS))

    # Time

    def timeout(self, key: str) -> None:
        """A timer ran out, or a repetition was never answered."""
        if key in ("linger", "lost"):
            self.bridge.forget()
            self.out.append(Over())
        elif key == "worker":
            self.record.setdefault("ended_by", "worker-silent")
            self.bridge.forget()
            self.worker_died()
        elif key == "drop":
            self._drop()
        elif key in ("next", "ring") or key[0] == "i":
            self._silent()
        elif key == FINAL:
            self._never_acked()
        elif key == "probe":
            self._probe()
        elif key in PROBES:
            self.end("party-gone")
        elif relay := self._relays.by_key(key):
            relay.unanswered()
        else:
            self._bye_done(key)

    def _silent(self) -> None:
        """The target says nothing, or rings for ever: the next one, or nobody."""
        if not self._invited.final and self._hunt.give_up_target() and not self._try_next():
            self.record.setdefault("ended_by", "silence")
            self.bridge.refuse_b()

    def _never_acked(self) -> None:
        """The caller never acknowledged: an answered call is torn down (RFC 3261 §13.3.1.4), a refused one is over."""
        self._invited.settle()
        if self._invited.answered:
            self.record.setdefault("ended_by", "never-acknowledged")
            self._end()
        else:
            self._close_a()

    def _drop(self) -> None:
        """The worker did not pass the end across in time: do without it."""
        self.bridge.forget()
        if not self._invited.final:
            self._pass_refusal()
        self._end()

    # Signs of life

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
        if status in (408, 481) and not self.ending:
            self.end("party-gone")
