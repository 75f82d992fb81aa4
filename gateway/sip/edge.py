"""The edge: whatever arrives on a public SIP socket, and what is done about it.

A message is screened by its source, read, and given to its call, or becomes one (`gateway.sip.reception`). The call asks
for things (`gateway.sip.commands`) and the edge has them done: by the network, the timers, the slots in the workers.
What is not worth a call is answered here and forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import time
from typing import Any, Protocol

from gateway import log
from gateway.metrics import Counters
from gateway.policy.holds import Hold
from gateway.policy.peers import Peer
from gateway.sip import answers, records
from gateway.sip.call import Call
from gateway.sip.commands import FreeSlot, Inner, Mark, Over, Repeat, Send, Stop, Timer, WantSlot
from gateway.sip.journal import Journal
from gateway.sip.message import MAX_BYTES, BadMessage, Message, parse, salvage
from gateway.sip.network import Network
from gateway.sip.pool import Pool
from gateway.sip.received import Received, receive
from gateway.sip.reception import Reception, unacceptable
from gateway.sip.refusal import about
from gateway.sip.slots import Slots
from gateway.sip.table import CallTable, new_token
from gateway.sip.timers import Timers
from gateway.sip.values import Hop, tag_of

SHORTEST = 16  # bytes: anything less is a keep-alive

_log = log.get("edge")


class Ledger(Protocol):
    """What is counted of calls while they last."""

    def answered(self, hold: Hold | None) -> None: ...

    def ended(self, hold: Hold | None, record: Mapping[str, Any], answered_at: float | None) -> None: ...

    def resumed(self, hold: Hold | None, answered_at: float | None) -> None: ...


class Edge:
    """One edge process: what arrives goes to its call, and what calls ask for is done."""

    def __init__(
        self,
        network: Network,
        reception: Reception,
        pool: Pool,
        counters: Counters,
        log_call: Callable[[dict[str, Any]], None],
        journal: Journal,
        ledger: Ledger,
        answer_strangers: bool,
    ) -> None:
        self.calls = CallTable()
        self.slots = Slots(pool, self.calls, counters, self._run)
        self._network, self._reception, self._journal = network, reception, journal
        reception.resume = self._run
        self._counters, self._log_call, self._ledger = counters, log_call, ledger
        self._answer_strangers = answer_strangers
        self._stopping = False
        self._young: list[str] = []  # calls answered since the last tick
        self._loop = asyncio.get_running_loop()
        self._timers = Timers(network, self._ran_out)
        self._do: dict[type, Callable[[Call, Any], object]] = {
            Send: lambda _, command: network.send(command.hop, command.data),
            Repeat: self._timers.repeat,
            Timer: lambda call, command: self._timers.start(call, command.key, command.seconds),
            Stop: lambda call, command: self._timers.stop(call, command.key),
            Inner: lambda call, command: self.slots.send(call, command.data),
            WantSlot: lambda call, _: self.slots.want(call),
            FreeSlot: self.slots.free,
            Mark: self._mark,
            Over: self._over,
        }

    # From outside

    def received(self, data: bytes, source: Hop) -> None:
        """One message, or what came instead of one, from a public socket."""
        peer = self._network.peer_of(source.host)
        if peer is None:
            self._stranger(data, source)
        elif len(data) >= SHORTEST:
            try:
                if len(data) > MAX_BYTES:
                    raise BadMessage("oversized")
                message = parse(data)
                if message.status:
                    self._response(message, peer)
                else:
                    self._request(message, source, peer)
            except BadMessage as error:
                self._bad(data, source, peer, error.reason)

    def _stranger(self, data: bytes, source: Hop) -> None:
        self._counters.inc("messages_refused", "stranger")
        if self._answer_strangers and len(data) <= MAX_BYTES:
            self._answer_unread(data, source, 403, "")

    def unframed(self, reason: str, source: Hop) -> None:
        """A stream could not be cut into messages and is closed."""
        self._bad(b"", source, self._network.peer_of(source.host), reason)

    def _bad(self, data: bytes, source: Hop, peer: Peer | None, reason: str) -> None:
        self._counters.inc("messages_refused", reason)
        bound = peer.max_bad_messages if peer else 0
        answer, tell = self._reception.screen.bad(source.host, reason, bound, self._loop.time())
        if tell:
            _log.warning("message.refused", source=source.host, reason=reason, bytes=len(data))
        if answer and data:
            self._answer_unread(data, source, 505 if reason == "unknown-version" else 400, f" ({reason})")

    def _answer_unread(self, data: bytes, source: Hop, code: int, why: str) -> None:
        """Answer a request that was not taken in, if enough of it can be made out for an answer."""
        message = salvage(data)
        if message and message.method != "ACK":
            try:
                received = receive(message, source)
            except BadMessage:
                return
            self._network.send(
                received.reply_to, received.answer(code, [], phrase=answers.phrase(code) + why, tag="x")
            )

    def _response(self, message: Message, peer: Peer) -> None:
        found = self.calls.by_via(message.first["via"])
        if found:
            call, key = found
            if self._speaks_for(peer, call):
                call.response(message, key)
                self._run(call)

    def _speaks_for(self, peer: Peer, call: Call) -> bool:
        """Whether a message about this call may come from this peer: only its own ends have a say in it."""
        return peer.name in call.parties

    def _request(self, message: Message, source: Hop, peer: Peer) -> None:
        received = receive(message, source)
        tag = tag_of(message.first["to"])
        if tag:
            self._inside(received, peer, tag)
            return
        call = self.calls.by_invite(received.branch, message.first["call-id"])
        if call and peer.name == call.record["peer"]:
            self._about_invite(call, received)
        elif message.method == "INVITE":
            behind = self._network.behind or self.slots.behind
            self._begin(self._reception.invited(received, source, peer, self.slots.address, behind))
        elif message.method == "CANCEL":
            self._answer(received, 481)
        elif message.method != "ACK":
            self._outside_a_call(received)

    def _outside_a_call(self, received: Received) -> None:
        problem = unacceptable(received.message)
        if received.message.method != "OPTIONS":
            self._answer(received, 405, [answers.ALLOW])
        elif problem:
            self._answer(received, problem[0], about(*problem))
        else:
            self._options(received)

    def _inside(self, received: Received, peer: Peer, tag: str) -> None:
        message = received.message
        found = self.calls.by_tag(tag, message.first["call-id"], tag_of(message.first["from"]))
        if found and self._speaks_for(peer, found[0]):
            call, leg = found
            call.inside(received, leg)
            self._run(call)
        elif message.method == "OPTIONS":
            self._options(received)
        elif message.method != "ACK":
            self._answer(received, 481)

    def _about_invite(self, call: Call, received: Received) -> None:
        method = received.message.method
        if method == "INVITE":
            call.invited_again()
        elif method == "CANCEL":
            call.cancelled(received)
        elif method == "ACK":
            call.acked(received.message)
        else:
            self._answer(received, 405, [answers.ALLOW])
        self._run(call)

    def _options(self, received: Received) -> None:
        """Keep-alive: 200 only while calls can be served."""
        code = 200 if self.able else 503
        self._counters.inc("options_answered", str(code))
        self._answer(received, code, [answers.ALLOW, "Accept: application/sdp", "Supported: 100rel, timer"])

    @property
    def draining(self) -> bool:
        """Whether new calls are refused, because the node stops or an operator drains it."""
        return self._reception.draining

    @property
    def able(self) -> bool:
        """Whether a new call would be served."""
        return not self.draining and len(self.slots.pool) > 0

    def _answer(self, received: Received, code: int, headers: list[str] | None = None) -> None:
        lines = [*(headers or ()), *([f"Retry-After: {answers.RETRY_AFTER}"] if code == 503 else ())]
        self._network.send(received.reply_to, received.answer(code, lines, tag=new_token()))

    # The life of the node

    def _begin(self, call: Call | None) -> None:
        if call:
            call.record["at"] = time()
            self._timers.begin(call)
            self.calls.add(call)
            self._run(call)

    def tick(self) -> None:
        """Once a second."""
        self._keep_young()
        self.slots.pool.tick(self._loop.time())
        self._network.sweep(self._loop.time())

    def drain(self) -> None:
        """No new calls from now on: the node stops."""
        self._reception.draining = self._stopping = True

    def heed(self, drained: bool) -> None:
        """No new calls while an operator wants it so."""
        if self.draining != (drained or self._stopping):
            self._reception.draining = drained or self._stopping
            _log.info("edge.drained" if drained else "edge.taken-back", calls=len(self.calls))

    def workers_gone(self) -> None:
        """The pool process has ended, and its workers with it: the calls end, and no new ones are taken."""
        self.drain()
        self.slots.pool_gone()

    def _keep_young(self) -> None:
        """Put the calls that have come up into the journal; most short ones are over before."""
        tokens, self._young = self._young, []
        for token in tokens:
            call = self.calls.by_token(token)
            if call and call.up:
                self._journal.add(call)
            elif call and not call.ending:
                self._young.append(token)

    def restore(self) -> None:
        """Take up the calls of the edge before this one."""
        for call in self._journal.load():
            self._timers.begin(call)
            self.calls.add(call)
            self._ledger.resumed(call.hold, records.answered_at(call.record))
            self.slots.take_up(call)

    def end_all(self, rule: str) -> None:
        """End every call: the node stops."""
        for call in self.calls.all():
            call.end(rule)
            self._run(call)

    # What calls ask for

    def _run(self, call: Call) -> None:
        out = call.out
        do = self._do
        try:
            for command in out:  # grows while it is worked through
                do[type(command)](call, command)
        finally:
            out.clear()

    def _ran_out(self, call: Call, key: str) -> None:
        call.timeout(key)
        self._run(call)

    def _mark(self, call: Call, command: Mark) -> None:
        record = call.record
        record[f"{command.name}_ms"] = round((time() - record["at"]) * 1000, 1)
        if command.name == "progress":
            self._counters.setup.observe(record["progress_ms"] / 1000)
        elif command.name == "concluded":
            self._young.append(call.token)
            self._reception.screen.concluded(record["peer"])
            if records.was_answered(record):
                if "progress_ms" not in record:
                    self._counters.setup.observe(record["concluded_ms"] / 1000)
                self._ledger.answered(call.hold)
        elif command.name == "ended":
            self._ledger.ended(call.hold, record, records.answered_at(record))

    def _over(self, call: Call, _: Over) -> None:
        self._timers.end(call)
        self.calls.remove(call)
        self._journal.drop(call.token)
        record = call.record
        self._counters.inc("calls", record["peer"], str(record.get("code", 0)))
        if "complaint" in record:
            self._counters.inc("complaints", record["carrier"], str(record["complaint"]))
        self._log_call(records.of_call(call.token, record))
