"""Requests inside a call that concern the two ends alone: re-INVITE, UPDATE, INFO, PRACK (RFC 3261 §14, RFC 3311,
RFC 6086, RFC 3262). They go from one leg to the other with our dialog's identity and the sender's body, and so do their
answers. Offers, glare (491) and session timers (RFC 4028) thus stay a matter of the two ends; the workers see none of it.

A relay ends one transaction and begins another, so each side's losses are repaired on that side. This file does no I/O.
"""

from __future__ import annotations

from gateway.sip import answers
from gateway.sip.commands import Command, Repeat, Send, Stop, Timer
from gateway.sip.leg import Leg, Passing
from gateway.sip.message import Message
from gateway.sip.received import Received

# The requests whose Contact is the dialog's new target (RFC 3261 §12.2, RFC 3311 §5.1).
_REFRESHING = frozenset({"INVITE", "UPDATE"})
PROGRESS_SECONDS = 185.0  # RFC 3261 §16.6 timer C
_MOST = 16  # relays one call may have under way: more is not conversation


class Relay:
    """One request on its way from leg `source` to leg `to`, and the answers on their way back."""

    __slots__ = (
        "_ack", "_cancelled", "_final", "_heard", "_out", "_source", "_to", "_told", "cseq", "key", "received",
    )  # fmt: skip

    def __init__(self, key: str, received: Received, source: Leg, to: Leg, out: list[Command]) -> None:
        self.key = key
        self.received, self._source, self._to, self._out = received, source, to, out
        self.cseq = 0
        self._heard = self._cancelled = False
        self._told = b""  # what the sender was told last
        self._final: bytes | None = None  # and in the end
        self._ack: bytes | None = None

    @property
    def is_invite(self) -> bool:
        return self.received.message.method == "INVITE"

    @property
    def to_side(self) -> str:
        return self._to.side

    @property
    def pending(self) -> bool:
        return self._final is None

    def start(self, passing: Passing, extra: list[str]) -> None:
        """Send the request across."""
        message, to = self.received.message, self._to
        if self.is_invite:
            self._reply(100, [])
        if message.method in _REFRESHING:
            self._source.refresh(message)
        lines = [to.contact(), answers.ALLOW, *passing.lines(message), *extra]
        data = to.request(message.method, self.key, lines, message.body)
        self.cseq = to.cseq
        self._out.append(Repeat(self.key, to.hop, data, capped=not self.is_invite))

    def again(self) -> None:
        """The sender repeats itself: so do we, if there is an answer."""
        if self._told:
            self._out.append(Send(self.received.reply_to, self._told))

    def answered(self, message: Message, passing: Passing) -> None:
        """An answer came: pass it back."""
        status = message.status
        if status >= 200 and self._final is not None:
            self._answered_again(message)
            return
        if status < 200 and not self.is_invite:
            return
        self._out.append(Stop(self.key))
        if status < 200 and self._cancelled and not self._heard:
            self._take_back()
        self._heard = True
        if status < 200:
            self._out.append(Timer(self.key, PROGRESS_SECONDS))
        if status == 100:
            return
        lines = [self._source.contact(), answers.ALLOW, *passing.lines(message)]
        if status < 200:
            self._reply(status, lines, message.body, message.phrase)
            return
        if status < 300 and message.cseq_method in _REFRESHING:
            self._to.refresh(message)
        elif status >= 300 and self.is_invite:
            self._acknowledge(message)
        self._finish(status, lines, message.body, message.phrase)

    def _answered_again(self, message: Message) -> None:
        if self.is_invite and message.status >= 300:
            self._acknowledge(message)
        elif self._ack:
            self._out.append(Send(self._to.hop, self._ack))

    def _acknowledge(self, message: Message) -> None:
        self._out.append(Send(self._to.hop, self._to.request("ACK", self.key, cseq=message.cseq)))

    def _finish(self, code: int, lines: list[str], body: bytes = b"", phrase: str = "") -> None:
        hop = self.received.reply_to
        self._told = self._final = self.received.answer(code, lines, body, phrase, self._source.local_tag)
        if self.is_invite:
            self._out.append(Repeat(f"f{self.key}", hop, self._final, always=code < 300))
        else:
            self._out.append(Send(hop, self._final))

    def _reply(self, code: int, lines: list[str], body: bytes = b"", phrase: str = "") -> None:
        tag = self._source.local_tag if code > 100 else ""
        self._told = self.received.answer(code, lines, body, phrase, tag)
        self._out.append(Send(self.received.reply_to, self._told))

    def acked(self, message: Message, passing: Passing) -> None:
        """The sender acknowledges: of a 2xx, the other end must hear it too, with the answer it may carry."""
        self._out.append(Stop(f"f{self.key}"))
        if self._ack is None and self._final and self._final.startswith(b"SIP/2.0 2"):
            self._ack = self._to.request(
                "ACK", f"k{self.key}", passing.lines(message), message.body, cseq=self.cseq
            )
            self._out.append(Send(self._to.hop, self._ack))

    def cancel(self) -> None:
        """The sender takes a re-INVITE back: so do we, once it has been heard of (RFC 3261 §9.1)."""
        if self.pending and self.is_invite and not self._cancelled:
            self._cancelled = True
            if self._heard:
                self._take_back()

    def _take_back(self) -> None:
        cancel = self._to.request("CANCEL", self.key, cseq=self.cseq)
        self._out.append(Repeat(f"c{self.key}", self._to.hop, cancel))

    def unanswered(self) -> None:
        """The other end stayed silent."""
        if self.pending:
            self._finish(408, [])


class Relays:
    """The relays of one call, by the sender's transaction and by ours."""

    __slots__ = ("_by_branch", "_by_key", "_out")

    def __init__(self, out: list[Command]) -> None:
        self._out = out
        self._by_branch: dict[tuple[str, str, int], Relay] = {}
        self._by_key: dict[str, Relay] = {}

    def find(self, leg: Leg, request: Received) -> Relay | None:
        """The relay a request on `leg` belongs to: it repeats its request, or is its CANCEL."""
        return self._by_branch.get((leg.side, request.branch, request.message.cseq))

    def by_key(self, key: str) -> Relay | None:
        """The relay behind a key of ours."""
        return self._by_key.get(key)

    def of_cseq(self, leg: Leg, cseq: int) -> Relay | None:
        """The re-INVITE of `leg` that an ACK with a branch of its own acknowledges."""
        for (side, _, _), relay in self._by_branch.items():
            if side == leg.side and relay.is_invite and relay.received.message.cseq == cseq:
                return relay
        return None

    def open(self, request: Received, source: Leg, to: Leg) -> Relay | None:
        """A new relay; None where too many are under way."""
        if sum(relay.pending for relay in self._by_key.values()) >= _MOST:
            return None
        if len(self._by_key) >= _MOST:
            self._forget()
        relay = Relay(f"r{to.side}{to.cseq + 1}", request, source, to, self._out)
        self._by_branch[source.side, request.branch, request.message.cseq] = self._by_key[relay.key] = relay
        return relay

    def _forget(self) -> None:
        """Drop the older half of the answered relays: their senders have long had what they asked."""
        answered = [key for key, relay in self._by_key.items() if not relay.pending]
        for key in answered[: (len(answered) + 1) // 2]:
            del self._by_key[key]
        self._by_branch = {
            where: relay for where, relay in self._by_branch.items() if relay.key in self._by_key
        }


def translated_rack(message: Message, leg: Leg, relays: Relays) -> list[str]:
    """RAck names an INVITE by its CSeq, which differs from leg to leg (RFC 3262 §7.2)."""
    parts = message.get("rack").split()
    if message.method != "PRACK" or len(parts) != 3 or not parts[1].isdecimal() or len(parts[1]) > 10:
        return []
    relay = relays.of_cseq(leg, int(parts[1]))
    return [f"RAck: {parts[0]} {relay.cseq if relay else 1} {parts[2]}"]
