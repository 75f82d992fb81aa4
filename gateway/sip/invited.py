"""The caller's INVITE, from its side of the gateway: a server transaction (RFC 3261 §17.2.1) that outlives its last answer
until the caller has acknowledged it. This file does no I/O.
"""

from __future__ import annotations

from gateway.sip import answers
from gateway.sip.commands import Command, Mark, Repeat, Send, Stop
from gateway.sip.leg import Leg, Local, without_parameters
from gateway.sip.message import BadMessage, Message
from gateway.sip.received import Received
from gateway.sip.values import tag_of

FINAL = "fa"  # the key of the final answer, repeated until acknowledged


class Invited:
    """What the caller asked and what it was told. `final` is set once it was told how the INVITE ended."""

    __slots__ = ("_out", "_told", "acked", "answered", "final", "leg", "owed", "received")

    def __init__(self, received: Received, leg: Leg, out: list[Command]) -> None:
        self.received, self.leg, self._out = received, leg, out
        self._told = b""
        self.owed: list[str] = []  # header lines for the next thing it is told, 100 apart (RFC 9410 §4)
        self.final = False
        self.answered = False  # told with a 2xx
        self.acked = False  # and has acknowledged that

    def trying(self) -> None:
        """100: it need not ask again."""
        self._send(100, [])

    def progress(self, message: Message, lines: list[str]) -> None:
        """The callee's own 1xx."""
        self._send(message.status, [*self._dialog_lines(), *lines], message.body, message.phrase)

    def _send(self, code: int, headers: list[str], body: bytes = b"", phrase: str = "") -> None:
        tag = self.leg.local_tag if code > 100 else ""
        if code > 100:
            headers = [*headers, *self._paid()]
        self._told = self.received.answer(code, headers, body, phrase, tag)
        self._out.append(Send(self.received.reply_to, self._told))

    def answer(self, message: Message, lines: list[str]) -> None:
        """The callee's own 2xx."""
        self.answered = True
        self._conclude(message.status, [*self._dialog_lines(), *lines], message.body, message.phrase)

    def refuse(self, code: int, headers: list[str], body: bytes = b"", phrase: str = "") -> None:
        """A final answer without a call, the callee's or ours."""
        extra = (
            [f"Retry-After: {answers.RETRY_AFTER}"] if code == 503 and not _has_retry_after(headers) else []
        )
        self._conclude(code, [*headers, *extra], body, phrase)

    def _conclude(self, code: int, headers: list[str], body: bytes, phrase: str) -> None:
        self.final = True
        headers = [*headers, *self._paid()]
        self._told = self.received.answer(code, headers, body, phrase, self.leg.local_tag)
        self._out.append(Mark("concluded"))
        self._out.append(Repeat(FINAL, self.received.reply_to, self._told, always=self.answered))

    def _paid(self) -> list[str]:
        """What is owed, once."""
        owed, self.owed = self.owed, []
        return owed

    def _dialog_lines(self) -> list[str]:
        """What makes a dialog of an answer (RFC 3261 §12.1.1)."""
        routes = [f"Record-Route: {value}" for value in self.received.message.all("record-route")]
        return [self.leg.contact(), answers.ALLOW, *routes]

    def again(self) -> None:
        """The caller repeats its INVITE: repeat what it was told last."""
        self._out.append(Send(self.received.reply_to, self._told))

    def settle(self) -> None:
        """It has acknowledged, or hung up, or never will acknowledge: say no more."""
        self._out.append(Stop(FINAL))
        self.acked = self.answered


def _has_retry_after(headers: list[str]) -> bool:
    return any(line.startswith("Retry-After:") for line in headers)


def leg_of_caller(token: str, received: Received, own: Local) -> Leg:
    """The caller's dialog, as its INVITE makes it; raises BadMessage where its Contact leads nowhere."""
    message = received.message
    sender = message.get("from")
    leg = Leg(
        side="a",
        token=token,
        own=own,
        hop=received.reply_to,
        call_id=message.get("call-id"),
        local=message.get("to"),
        local_tag=f"{token}a",
        remote=without_parameters(sender),
        remote_tag=tag_of(sender),
        remote_cseq=message.cseq,
    )
    leg.learn(message, reverse=False)
    if not leg.target:
        raise BadMessage("bad-contact")
    return leg
