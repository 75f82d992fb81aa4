"""The called side of a call: one target after another until one answers or refuses for good. This file does no I/O.

The next target is tried on silence, 408, 503 and a broken connection, as VOS3000 does with us; not once a target has let
the caller hear something (RFC 3261 leaves that to the gateway; a caller who heard it ring should not hear it start anew).
"""

from __future__ import annotations

from gateway.sip import answers
from gateway.sip.attempt import Attempt, News
from gateway.sip.commands import Command, Repeat, Stop, Timer
from gateway.sip.leg import OWN_HOST, Leg, Passing, address_of, passing_of
from gateway.sip.message import Message
from gateway.sip.plan import Plan
from gateway.stir.reason_header import Complaint, sift

RING_SECONDS = 185.0  # RFC 3261 §16.6 timer C: longer than any caller waits
BYE = "yb"


class Hunt:
    """The attempts of one call. `answer` is the last final response of a target that is passed on."""

    __slots__ = ("_attempts", "_invite", "_out", "_plan", "_token", "answer", "closed")

    def __init__(self, token: str, plan: Plan, invite: Message, out: list[Command]) -> None:
        self._token, self._plan, self._invite, self._out = token, plan, invite, out
        self._attempts: list[Attempt] = []
        self.answer: Message | None = None
        self.closed = False  # nothing of it may ring or talk any more

    @property
    def leg(self) -> Leg | None:
        """Leg B: the dialog with the target being tried."""
        return self._attempts[-1].leg if self._attempts else None

    @property
    def answered(self) -> bool:
        return self.answer is not None and self.answer.status < 300

    @property
    def started(self) -> bool:
        return bool(self._attempts)

    @property
    def over(self) -> bool:
        """Whether nothing is left to come from any target."""
        return (self.closed or not self._attempts) and all(each.over for each in self._attempts)

    @property
    def passing(self) -> Passing:
        """What of the target's messages goes across."""
        return passing_of(self._attempts[-1].target.peer.pass_headers)

    def lines(self, message: Message) -> tuple[list[str], list[Complaint]]:
        """What of a target's answer goes across, and what it complains of in our PASSporT, which does not (RFC 9410 §6)."""
        lines, signature = self.passing.lines(message), self._plan.signature
        if not signature or "reason" not in message.first:
            return lines, []
        complaints, others = sift(message.all("reason"), signature)
        if complaints:
            lines = [line for line in lines if not line.startswith("Reason:")]
            lines += [f"Reason: {value}" for value in others]
        return lines, complaints

    def next(self) -> str | None:
        """Send the call to its next target; the peer's name, or None where there is none."""
        if not self._plan.targets:
            return None
        self.answer = None
        target = self._plan.targets.pop(0)
        number = len(self._attempts)
        address = address_of(self._plan.callee, target.hop)
        leg = Leg(
            side="b",
            token=self._token,
            own=target.own,
            hop=target.hop,
            call_id=f"{self._token}{number or ''}@{target.own.host}",
            local=self._plan.caller.replace(OWN_HOST, target.own.host),
            local_tag=f"{self._token}b{number}",
            remote=f"<{address}>",
            target=address,
        )
        attempt = Attempt(number, target, leg, self._out)
        self._attempts.append(attempt)
        lines = [leg.contact(), answers.ALLOW, *self._plan.headers, *self._plan.passing.lines(self._invite)]
        attempt.start(lines, self._invite.body, int(self._invite.get("max-forwards") or 70) - 1)
        self._out.append(Timer("next", target.peer.try_next_after))
        return target.peer.name

    def response(self, message: Message, key: str) -> News:
        """A response to one of the INVITEs: what it means for the call."""
        attempt = next((each for each in self._attempts if each.key == key), None)
        if attempt is None:
            return News.NOTHING
        if attempt is self._attempts[-1] and not attempt.heard and not self.closed:
            self._out += (Stop("next"), Timer("ring", RING_SECONDS))
        news = attempt.response(message)
        if news in (News.ANSWER, News.REFUSAL):
            self._out += (Stop("ring"), Stop("next"))
            self.answer = message
        return news

    @property
    def movable(self) -> bool:
        """Whether the call may go on to another target after the last one's refusal or silence."""
        refusal = self.answer
        return not self._attempts[-1].early and (refusal is None or refusal.status in answers.TRY_NEXT)

    def give_up_target(self) -> bool:
        """The target is silent, or rings for ever: take the INVITE back; False where it has spoken for good."""
        if not self._attempts or self._attempts[-1].final:
            return False
        self._attempts[-1].abandon([])
        self._out += (Stop("next"), Stop("ring"))
        return True

    def confirm(self, lines: list[str], body: bytes) -> None:
        """Acknowledge the answer."""
        self._attempts[-1].confirm(lines, body)

    def close(self, reason: list[str]) -> bool:
        """End this side: BYE after an answer, CANCEL before; True if a BYE went out."""
        if self.closed:
            return False
        self.closed = True
        self._out += (Stop("next"), Stop("ring"))
        leg = self.leg
        if leg and self.answered:
            self.confirm([], b"")
            self._out.append(Repeat(BYE, leg.hop, leg.request("BYE", BYE, reason)))
            return True
        if self._attempts and not self._attempts[-1].final:
            self._attempts[-1].abandon(reason)
        return False

    def left(self) -> None:
        """The target hung up of itself; it may not do so before its answer, but if it does its INVITE is taken back."""
        self.closed = True
        if self._attempts and not self._attempts[-1].final:
            self._attempts[-1].abandon([])
