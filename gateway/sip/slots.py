"""The edge's side of the workers: the inner socket, the pool of slots, and the calls that wait for one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from gateway import log
from gateway.metrics import Counters
from gateway.sip import inner
from gateway.sip.call import Call
from gateway.sip.commands import FreeSlot
from gateway.sip.message import parse
from gateway.sip.pool import Pool
from gateway.sip.table import CallTable
from gateway.sip.transport import Udp
from gateway.sip.values import Hop

SLOT_WAIT = 0.5  # seconds an INVITE waits for a free slot

_log = log.get("edge")


class Slots:
    """Gives calls to workers and carries what they say to each other; `run` does what a call then asks for."""

    def __init__(self, pool: Pool, calls: CallTable, counters: Counters, run: Callable[[Call], None]) -> None:
        self.pool = pool
        self.address = ("", 0)
        self._calls, self._counters, self._run = calls, counters, run
        self._socket: Udp | None = None
        self._waiting: deque[tuple[float, Call]] = deque()
        self._loop = asyncio.get_running_loop()

    def use(self, socket: Udp, address: tuple[str, int]) -> None:
        """Speak to the workers through this loopback socket."""
        self._socket, self.address = socket, address

    @property
    def behind(self) -> bool:
        """Whether the workers have said more than we have read in good time."""
        return self._socket is not None and self._socket.behind

    # What calls ask for

    def want(self, call: Call) -> None:
        """A slot: now, or within `SLOT_WAIT`, or never."""
        now = self._loop.time()
        granted = self.pool.acquire(call.token, now)
        if granted:
            call.granted(*granted)
        else:
            self._waiting.append((now + SLOT_WAIT, call))
            self._loop.call_later(SLOT_WAIT, self._waited)
        if self.pool.low:
            self.pool.grow(now)

    def free(self, call: Call, command: FreeSlot) -> None:
        """The call has left its worker."""
        if call.bridge.worker is not None:
            self.pool.release(call.bridge.worker, call.token, command.refused)
        if self._waiting:
            self._loop.call_soon(self._serve_waiting)

    def send(self, call: Call, data: bytes) -> None:
        """A message to the call's worker."""
        address = self.pool.address_of(call.bridge.worker) if call.bridge.worker is not None else None
        if self._socket and address:
            self._socket.send(data, *address)

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

    # What workers and their pool process say

    def received(self, data: bytes, source: Hop) -> None:
        """One message on the inner socket: SIP of a worker, or its report."""
        number = self.pool.worker_at((source.host, source.port))
        try:
            if data.startswith(b"live "):
                self._report(data.decode().split(" "), number)
                return
            message = parse(data)
        except ValueError:  # not a worker's
            self._counters.inc("messages_refused", "inner")
            return
        if number is None:
            return
        call = self._calls.by_token(message.first["call-id"][:-1])
        if call and call.bridge.worker == number:
            call.from_worker(message)
            self._run(call)
        elif self._socket and message.method and message.method != "ACK":
            self._socket.send(inner.reply(message, 481, "x"), source.host, source.port)

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
            self._ended(int(words[1]), int(words[2]))

    def _ended(self, number: int, status: int) -> None:
        """A worker process is gone, as it was told to or not."""
        retired = self.pool.leaving(number)
        tokens = self.pool.died(number, self._loop.time())
        self._counters.inc("worker_exits", "retired" if retired else "died")
        if retired:
            _log.info("worker.retired", worker=number, calls=len(tokens))
        else:
            _log.warning("worker.died", worker=number, status=status, calls=len(tokens))
        for token in tokens:
            self._lost(token)

    def pool_gone(self) -> None:
        """The pool process has ended, and its workers with it."""
        for token in self.pool.gone():
            self._lost(token)

    def take_up(self, call: Call) -> None:
        """A call of the edge before this one: it goes on, if its worker is still there."""
        bridge = call.bridge
        if bridge.worker is not None and self.pool.give_back(
            bridge.worker, call.token, bridge.worker_address, self._loop.time()
        ):
            call.taken_up()
        else:
            call.worker_died()
        self._run(call)

    def _lost(self, token: str) -> None:
        call = self._calls.by_token(token)
        if call:
            call.worker_died()
            self._run(call)
