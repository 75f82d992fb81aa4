"""One INVITE to one next hop: its transaction, the dialog it makes, and how it is taken back.

A call has one attempt at a time; earlier ones live on until nothing of them can ring or answer any more
(RFC 3261 §9.1, §13.2.2.4, §17.1.1). This file does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from gateway.policy.peers import Peer
from gateway.sip.commands import Command, Repeat, Send, Stop
from gateway.sip.leg import Leg, Local
from gateway.sip.message import Message
from gateway.sip.values import Hop, tag_of


@dataclass(frozen=True, slots=True)
class Target:
    """A place to send the call: a peer's next hop, resolved, and how we name ourselves towards it."""

    peer: Peer
    hop: Hop
    own: Local


class News(Enum):
    """What a response means for the call."""

    NOTHING = 0
    PROGRESS = 1  # 1xx
    ANSWER = 2  # the first 2xx
    REFUSAL = 3  # the first 3xx to 6xx


class Attempt:
    """The client side of leg B's INVITE towards one target."""

    __slots__ = (
        "_abandoned", "_acks", "_cancelled", "_invited", "_out", "_reason", "early", "final", "heard", "key", "leg",
        "target",
    )  # fmt: skip

    def __init__(self, number: int, target: Target, leg: Leg, out: list[Command]) -> None:
        self.key = f"i{number}"
        self.target, self.leg = target, leg
        self.heard = False  # any response, even 100
        self.early = False  # a response the caller has heard of
        self.final = False
        self._abandoned = self._cancelled = False
        self._acks: dict[str, Send] = {}  # what each 2xx was acknowledged with, by its tag
        self._invited = leg  # the leg as the INVITE saw it: no tag, no route set, the first target
        self._reason: list[str] = []
        self._out = out

    @property
    def over(self) -> bool:
        """Whether nothing of it can ring any more."""
        return self.final or (self._abandoned and not self.heard)

    def start(self, headers: list[str], body: bytes, max_forwards: int) -> None:
        """Send the INVITE."""
        self._invited = replace(self.leg)
        invite = self.leg.request("INVITE", self.key, headers, body, max_forwards=max_forwards)
        self._out.append(Repeat(self.key, self.leg.hop, invite, capped=False))

    def response(self, message: Message) -> News:
        """Take in a response to the INVITE."""
        status = message.status
        if not self.heard:
            self.heard = True
            self._out.append(Stop(self.key))
        if status < 200:
            return self._progress(message)
        if status < 300:
            return self._answer(message)
        return self._refusal(message)

    def _progress(self, message: Message) -> News:
        if self._abandoned:
            self._cancel()
            return News.NOTHING
        if message.status == 100 or self.final:
            return News.NOTHING
        self.early = True
        if tag := tag_of(message.get("to")):
            self.leg.remote_tag = tag
            self.leg.learn(message, reverse=True)
        return News.PROGRESS

    def _answer(self, message: Message) -> News:
        tag = tag_of(message.get("to"))
        if tag in self._acks:
            self._out.append(self._acks[tag])
            return News.NOTHING
        if self.final and tag == self.leg.remote_tag:
            return News.NOTHING
        if self.final:
            self._reject(self.leg.fork(message))
            return News.NOTHING
        self.final = True
        self.leg.remote_tag = tag
        self.leg.learn(message, reverse=True)
        if self._abandoned:
            self._reject(self.leg)
            return News.NOTHING
        return News.ANSWER

    def _refusal(self, message: Message) -> News:
        """Acknowledge in the INVITE's own transaction (RFC 3261 §17.1.1.3), every time it comes."""
        refused = replace(self._invited, remote_tag=tag_of(message.get("to")))
        self._out.append(Send(self.target.hop, refused.request("ACK", self.key, cseq=message.cseq)))
        if self.final:
            return News.NOTHING
        self.final = True
        return News.NOTHING if self._abandoned else News.REFUSAL

    def confirm(self, headers: list[str], body: bytes) -> None:
        """Acknowledge the answer, once; the same ACK goes out again for each repetition of the 2xx."""
        if self.leg.remote_tag not in self._acks:
            self._acknowledge(self.leg, "k", headers, body)

    def _acknowledge(self, leg: Leg, key: str, headers: list[str], body: bytes) -> None:
        ack = Send(leg.hop, leg.request("ACK", key, headers, body, cseq=1))
        self._acks[leg.remote_tag] = ack
        self._out.append(ack)

    def _reject(self, leg: Leg) -> None:
        """An answer nobody waits for: acknowledge it and hang up."""
        key = f"x{len(self._acks)}{self.key}"
        self._acknowledge(leg, f"k{key}", [], b"")
        self._out.append(Repeat(key, leg.hop, leg.request("BYE", key)))

    def abandon(self, reason: list[str]) -> None:
        """Take the INVITE back: now if it has been heard of, else as soon as it is (RFC 3261 §9.1)."""
        self._abandoned = True
        self._reason = reason
        if self.heard and not self.final:
            self._cancel()
        elif not self.heard:
            self._out.append(Stop(self.key))

    def _cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            cancel = self._invited.request("CANCEL", self.key, self._reason, cseq=1)
            self._out.append(Repeat(f"c{self.key}", self.target.hop, cancel))
