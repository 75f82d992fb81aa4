"""The edge: every public SIP socket, the call table and the timers; the only I/O of door 1.

A message from outside is screened by its source, read, and given to its call, or becomes one: the engine decides, the
call asks for things (`gateway.sip.commands`) and the edge does them. A message from a worker goes to its call the same
way. What is not worth a call is answered here and forgotten.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Any

from cachetools import TTLCache

from gateway import log
from gateway.config import Sip
from gateway.engine import Forward, OutboundCall, Refuse
from gateway.metrics import Counters
from gateway.policy.peers import Peer
from gateway.policy.snapshot import Snapshot
from gateway.sip import answers, inner
from gateway.sip.call import Call
from gateway.sip.commands import FreeSlot, Inner, Mark, Over, Repeat, Send, Stop, Timer, WantSlot
from gateway.sip.invited import leg_of_caller
from gateway.sip.journal import Journal
from gateway.sip.leg import unsupported
from gateway.sip.message import MAX_BYTES, BadMessage, Message, parse, salvage
from gateway.sip.network import Network
from gateway.sip.outbound import plan, read_call
from gateway.sip.pool import Pool
from gateway.sip.received import Received, receive
from gateway.sip.screen import Screen
from gateway.sip.table import CallTable, new_token
from gateway.sip.transport import Udp
from gateway.sip.values import Hop, hop_of, name_addr, tag_of, uri

T1, T2 = 0.5, 4.0  # RFC 3261 §17.1.1.1
GIVE_UP = 64 * T1
SLOT_WAIT = 0.5  # seconds an INVITE waits for a free slot
REMEMBERED = 32.0  # seconds a refusal is repeated to a repeated INVITE
MOST_REMEMBERED = 20_000
SHORTEST = 16  # bytes: anything less is a keep-alive
NOWHERE = Hop("udp", "", 0)

_log = log.get("edge")


@dataclass(slots=True)
class _Repetition:
    """A message being sent again and again."""

    call: Call
    command: Repeat
    interval: float
    deadline: float


class Edge:
    """One edge process. `decide` is the engine with this node's policy and credential in force."""

    def __init__(
        self,
        sip: Sip,
        pool: Pool,
        network: Network,
        snapshot: Callable[[], Snapshot],
        decide: Callable[[OutboundCall], Refuse | Forward],
        counters: Counters,
        log_call: Callable[[dict[str, Any]], None],
        journal: Journal,
    ) -> None:
        self.pool, self.counters = pool, counters
        self.draining = False
        self.calls = CallTable()
        self._sip, self._network, self._snapshot, self._decide, self._log_call = (
            sip,
            network,
            snapshot,
            decide,
            log_call,
        )
        self._journal = journal
        self._young: list[str] = []  # calls answered since the last tick
        self._screen = Screen()
        self._loop = asyncio.get_running_loop()
        self._timers: dict[str, dict[str, asyncio.TimerHandle]] = {}
        self._waiting: deque[tuple[float, Call]] = deque()
        self._refused: TTLCache[tuple[str, str], bytes] = TTLCache(MOST_REMEMBERED, REMEMBERED)
        self._inner_address = ("", 0)
        self._inner: Udp | None = None
        self._do: dict[type, Callable[[Call, Any], None]] = {
            Send: self._send,
            Repeat: self._repeat,
            Timer: self._timer,
            Stop: self._stop,
            Inner: self._to_worker,
            WantSlot: self._want_slot,
            FreeSlot: self._free_slot,
            Mark: self._mark,
            Over: self._over,
        }

    def serve_workers(self, socket: Udp, address: tuple[str, int]) -> None:
        """Use this loopback socket towards the workers."""
        self._inner, self._inner_address = socket, address

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
        self.counters.inc("messages_refused", "stranger")
        if self._sip.unknown_source == "403" and len(data) <= MAX_BYTES:
            self._answer_unread(data, source, 403, "")

    def unframed(self, reason: str, source: Hop) -> None:
        """A stream could not be cut into messages and is closed."""
        self._bad(b"", source, self._network.peer_of(source.host), reason)

    def _bad(self, data: bytes, source: Hop, peer: Peer | None, reason: str) -> None:
        self.counters.inc("messages_refused", reason)
        bound = peer.max_bad_messages if peer else 0
        answer, tell = self._screen.bad(source.host, reason, bound, self._loop.time())
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
            self._new_call(received, source, peer)
        elif message.method == "CANCEL":
            self._answer(received, 481)
        elif message.method != "ACK":
            self._outside_a_call(received)

    def _outside_a_call(self, received: Received) -> None:
        problem = _unacceptable(received.message)
        if received.message.method != "OPTIONS":
            self._answer(received, 405, [answers.ALLOW])
        elif problem:
            self._answer(received, problem[0], _about(*problem))
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
        self.counters.inc("options_answered", str(code))
        self._answer(received, code, [answers.ALLOW, "Accept: application/sdp", "Supported: 100rel, timer"])

    @property
    def able(self) -> bool:
        """Whether a new call would be served."""
        return not self.draining and len(self.pool) > 0

    def _answer(self, received: Received, code: int, headers: list[str] | None = None) -> None:
        lines = [*(headers or ()), *([f"Retry-After: {answers.RETRY_AFTER}"] if code == 503 else ())]
        self._network.send(received.reply_to, received.answer(code, lines, tag=new_token()))

    # New calls

    def _new_call(self, received: Received, source: Hop, peer: Peer) -> None:
        message = received.message
        key = (received.branch, message.first["call-id"])
        if known := self._refused.get(key):
            self._network.send(received.reply_to, known)
            return
        problem = _unacceptable(message)
        _dialog_made_by(message)
        if problem:
            self._refuse(received, peer, *problem)
        elif self.draining:
            self._refuse(received, peer, 503, "node.draining")
        elif peer.role == "carrier":
            self._refuse(received, peer, 403, "inbound.not-served")
        elif limit := self._screen.admit(peer, self._loop.time()):
            self._refuse(received, peer, 503, limit)
        else:
            self._admit(received, source, peer)

    def _admit(self, received: Received, source: Hop, peer: Peer) -> None:
        call = None
        try:
            asked = read_call(received.message, peer)
            decision = self._decide(asked)
            if isinstance(decision, Refuse):
                self._count_decision(peer, None, decision.rule)
                self._refuse(
                    received, peer, decision.code, decision.rule, decision.phrase, decision.retry_after
                )
                return
            self._count_decision(peer, decision.attest, decision.rule)
            made = plan(
                received.message, asked, decision, time(), self._sip.probe_after, self._network.targets
            )
            if not made.targets:
                self._refuse(received, peer, 503, "route.no-address")
                return
            token = new_token()
            own = self._network.local(source)
            call = Call(token, received, leg_of_caller(token, received, own), made, self._inner_address)
        finally:
            if call is None:
                self._screen.concluded(peer.name)
        call.record["at"] = self._loop.time()
        self._timers[call.token] = {}
        self.calls.add(call)
        call.start()
        self._run(call)

    def _count_decision(self, peer: Peer, attest: str | None, rule: str) -> None:
        """By the kind of rule: a series for every number section would be too many."""
        self.counters.inc("decisions", peer.name, attest or "", rule.partition(":")[0])

    def _refuse(
        self,
        received: Received,
        peer: Peer,
        code: int,
        rule: str,
        phrase: str = "",
        retry_after: int | None = None,
    ) -> None:
        """A final answer before anything was allocated; a repeated INVITE gets the same again (RFC 3261 §8.2.7)."""
        headers = [f'Reason: X.int;text="{rule}"', *_about(code, rule)]
        if code == 503:
            headers.append(f"Retry-After: {retry_after or answers.RETRY_AFTER}")
        data = received.answer(code, headers, phrase=phrase, tag=new_token())
        self._refused[received.branch, received.message.first["call-id"]] = data
        self._network.send(received.reply_to, data)
        self.counters.inc("calls", peer.name, str(code))
        self._log_call(
            {
                "peer": peer.name,
                "caller": _user(received.message.first["from"]),
                "callee": _user(received.message.uri),
                "rule": rule,
                "code": code,
            }
        )

    # Workers

    def from_worker(self, data: bytes, source: Hop) -> None:
        """One message on the inner socket: SIP of a worker, or its report."""
        number = self.pool.worker_at((source.host, source.port))
        try:
            if data.startswith(b"live "):
                self._report(data.decode().split(" "), number)
                return
            message = parse(data)
        except ValueError:  # not a worker's
            self.counters.inc("messages_refused", "inner")
            return
        if number is None:
            return
        call = self.calls.by_token(message.first["call-id"][:-1])
        if call and call.bridge.worker == number:
            call.from_worker(message)
            self._run(call)
        elif self._inner and message.method and message.method != "ACK":
            self._inner.send(inner.reply(message, 481, "x"), source.host, source.port)

    def _report(self, words: list[str], sender: int | None) -> None:
        """A worker's report; one from an address not known yet is that of a worker older than this edge."""
        number, port, tokens = int(words[1]), int(words[2]), set(filter(None, words[3:]))
        if sender not in (number, None):
            return
        for token in self.pool.live(number, port, tokens, self._loop.time()):
            self._lost(token)
        self._serve_waiting()

    def pool_says(self, line: str) -> None:
        """One line from the pool process."""
        words = line.split()
        now = self._loop.time()
        if words[0] == "ready":
            self.pool.ready(int(words[1]), int(words[2]), now)
            self._serve_waiting()
        elif words[0] == "died":
            tokens = self.pool.died(int(words[1]), now)
            self.counters.inc("worker_exits", "with-calls" if tokens else "idle")
            _log.warning("worker.died", worker=int(words[1]), status=int(words[2]), calls=len(tokens))
            for token in tokens:
                self._lost(token)

    def pool_gone(self) -> None:
        """The pool process has ended, and its workers with it."""
        self.draining = True
        for token in self.pool.gone():
            self._lost(token)

    def _lost(self, token: str) -> None:
        call = self.calls.by_token(token)
        if call:
            call.worker_died()
            self._run(call)

    def tick(self) -> None:
        """Once a second."""
        self._keep_young()
        self.pool.tick(self._loop.time())
        self._network.sweep(self._loop.time())

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
        now = self._loop.time()
        for call in self._journal.load():
            self._timers[call.token] = {}
            self.calls.add(call)
            call.record["at"] = now - call.record["concluded_ms"] / 1000
            if call.bridge.worker is None or not self.pool.give_back(
                call.bridge.worker, call.token, call.bridge.worker_address, now
            ):
                self._lost(call.token)
            else:
                call.taken_up()
                self._run(call)

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

    def _send(self, call: Call, command: Send) -> None:
        self._network.send(command.hop, command.data)

    def _to_worker(self, call: Call, command: Inner) -> None:
        address = self.pool.address_of(call.bridge.worker) if call.bridge.worker is not None else None
        if self._inner and address:
            self._inner.send(command.data, *address)

    def _timer(self, call: Call, command: Timer) -> None:
        self._set(call, command.key, command.seconds, self._ran_out, call, command.key)

    def _set(
        self, call: Call, key: str, seconds: float, function: Callable[..., None], *args: object
    ) -> None:
        timers = self._timers[call.token]
        if old := timers.get(key):
            old.cancel()
        timers[key] = self._loop.call_later(seconds, function, *args)

    def _stop(self, call: Call, command: Stop) -> None:
        timer = self._timers[call.token].pop(command.key, None)
        if timer:
            timer.cancel()

    def _ran_out(self, call: Call, key: str) -> None:
        self._timers[call.token].pop(key, None)
        call.timeout(key)
        self._run(call)

    def _repeat(self, call: Call, command: Repeat) -> None:
        self._network.send(command.hop, command.data, lambda: self._unreachable(call, command.key))
        again = command.always or command.hop.transport == "udp"
        if again:
            repetition = _Repetition(call, command, T1, self._loop.time() + GIVE_UP)
            self._set(call, command.key, T1, self._once_more, repetition)
        else:
            self._set(call, command.key, GIVE_UP, self._ran_out, call, command.key)

    def _once_more(self, repetition: _Repetition) -> None:
        call, command = repetition.call, repetition.command
        now = self._loop.time()
        if now >= repetition.deadline:
            self._ran_out(call, command.key)
            return
        self._network.send(command.hop, command.data)
        interval = repetition.interval * 2
        repetition.interval = min(interval, T2) if command.capped else interval
        wait = min(repetition.interval, repetition.deadline - now)
        self._set(call, command.key, wait, self._once_more, repetition)

    def _unreachable(self, call: Call, key: str) -> None:
        """No connection could be made: as good as silence, and known sooner."""
        if key in self._timers.get(call.token, ()):
            self._timers[call.token].pop(key).cancel()
            call.timeout(key)
            self._run(call)

    def _want_slot(self, call: Call, _: WantSlot) -> None:
        now = self._loop.time()
        granted = self.pool.acquire(call.token, now)
        if granted:
            call.granted(*granted)
        else:
            self._waiting.append((now + SLOT_WAIT, call))
            self._loop.call_later(SLOT_WAIT, self._waited)
        if self.pool.low:
            self.pool.grow(now)

    def _waited(self) -> None:
        now = self._loop.time() + 0.001
        while self._waiting and self._waiting[0][0] <= now:
            _, call = self._waiting.popleft()
            if call.bridge.waiting:
                call.no_room()
                self._run(call)

    def _serve_waiting(self) -> None:
        while self._waiting:
            _, call = self._waiting[0]
            granted = self.pool.acquire(call.token, self._loop.time()) if call.bridge.waiting else None
            if call.bridge.waiting and not granted:
                return
            self._waiting.popleft()
            if granted:
                call.granted(*granted)
                self._run(call)

    def _free_slot(self, call: Call, command: FreeSlot) -> None:
        if call.bridge.worker is not None:
            self.pool.release(call.bridge.worker, call.token, command.refused)
        if self._waiting:
            self._loop.call_soon(self._serve_waiting)

    def _mark(self, call: Call, command: Mark) -> None:
        call.record[f"{command.name}_ms"] = round((self._loop.time() - call.record["at"]) * 1000, 1)
        if command.name == "concluded":
            self._young.append(call.token)
            self._screen.concluded(call.record["peer"])

    def _over(self, call: Call, _: Over) -> None:
        for timer in self._timers.pop(call.token).values():
            timer.cancel()
        self.calls.remove(call)
        self._journal.drop(call.token)
        record = call.record
        del record["at"]
        self.counters.inc("calls", record["peer"], str(record.get("code", 0)))
        self._log_call({"call": call.token, **record})


def _unacceptable(message: Message) -> tuple[int, str] | None:
    """Why a request is not for us, whoever sends it: code and rule (RFC 3261 §8.2, §16.3)."""
    hops = message.get("max-forwards")
    if hops and not (hops.isascii() and hops.isdigit() and len(hops) <= 3 and int(hops) <= 255):
        raise BadMessage("bad-max-forwards")
    scheme = message.uri.partition(":")[0].lower()
    if scheme in ("sip", "sips"):
        uri(message.uri)
    elif scheme != "tel":
        return 416, "uri-scheme"
    if hops and int(hops) == 0 and message.method == "INVITE":
        return 483, "max-forwards"
    unknown = unsupported(message)
    return (420, f"unsupported.{', '.join(unknown)}") if unknown else None


def _dialog_made_by(message: Message) -> None:
    """An INVITE must bring what a dialog is made of (RFC 3261 §12.1.1)."""
    if not tag_of(message.first["from"]):
        raise BadMessage("no-from-tag")
    name_addr(message.first["to"])
    try:
        hop_of(name_addr(message.get("contact")).uri, NOWHERE)
    except BadMessage:
        raise BadMessage("bad-contact") from None


def _about(code: int, rule: str) -> list[str]:
    """The header that a code asks for."""
    return [f"Unsupported: {rule.partition('.')[2]}"] if code == 420 else []


def _user(address: str) -> str:
    """The user part of an address, as far as a log line needs it."""
    return address.partition(":")[2].partition("@")[0].strip("<>")[:64]
