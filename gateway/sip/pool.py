"""The edge's view of its workers: who has room, when to start more, when to let one go.

Slots are the scarce resource. A slot is taken when a call is given to a worker and free again when the call says that
nothing of it is left there; what a worker itself reports each second corrects both, so no slot stays lost. Pure: time is
an argument, and `say` carries a line to the pool process (see `gateway.sip.worker`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

SPARE = 8  # workers with room below which more are started
GRACE = 2.0  # seconds a call may be known here and not yet, or no longer, in its worker's report
STUCK = 30.0  # seconds after which a worker that holds calls nobody knows is replaced
SILENT = 5.0  # seconds without a report after which a worker is taken for hung
IDLE = 30.0  # seconds after which a worker beyond the first ones is let go
WORN = 4000  # calls after which a worker is replaced when idle: its memory has grown, and never shrinks all the way
ONE_STROKE = 0.5  # seconds within which several deaths have one cause
BACK_OFF = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)  # seconds before a start, after so many deaths in a row


@dataclass(slots=True, eq=False)
class Worker:
    """One worker process: its UDP address once known to serve, and the calls it was given (token → since)."""

    number: int
    since: float
    address: tuple[str, int] | None = None
    calls: dict[str, float] = field(default_factory=dict)
    strangers: int = 0  # calls it reports that nobody here knows
    strange_since: float = 0.0
    heard: float = 0.0
    served: int = 0
    used: float = 0.0
    shunned: bool = False  # it refused a call: no more until it reports
    leaving: bool = False


class Pool:
    """Workers and their slots. `slots` is what one worker holds, `least` how many stand ready, `most` the bound."""

    def __init__(self, slots: int, least: int, max_calls: int, host: str, say: Callable[[str], None]) -> None:
        self.slots = slots
        self.most = max(1, -(-max_calls // slots))
        self.least = min(least, self.most)
        self.deaths = 0
        self._host, self._say = host, say
        self._max_calls, self._calls = max_calls, 0
        self._workers: dict[int, Worker] = {}
        self._free: deque[Worker] = deque()  # each worker once, if it may have room
        self._by_address: dict[tuple[str, int], int] = {}
        self._next = 0
        self._start_at = 0.0
        self._died_at = float("-inf")

    def __len__(self) -> int:
        return sum(worker.address is not None for worker in self._workers.values())

    @property
    def free_slots(self) -> int:
        return sum(self._room(worker) for worker in self._workers.values())

    @property
    def low(self) -> bool:
        """Whether it is time to look for more room."""
        return len(self._free) < SPARE

    def address_of(self, number: int) -> tuple[str, int] | None:
        worker = self._workers.get(number)
        return worker.address if worker else None

    def adopt(self, numbers: list[int], now: float) -> None:
        """Workers that were there before this edge: they have no room until they report."""
        for number in numbers:
            self._workers[number] = Worker(number, now)
            self._next = max(self._next, number + 1)

    def give_back(self, number: int, token: str, address: tuple[str, int], now: float) -> bool:
        """A call from before this edge is in this worker; whether the worker is still there."""
        worker = self._workers.get(number)
        if worker is None:
            return False
        worker.address = address
        self._by_address[address] = number
        worker.calls[token] = worker.used = worker.heard = now
        self._calls += 1
        return True

    def worker_at(self, source: tuple[str, int]) -> int | None:
        """The worker an inner message comes from; None for anybody else on this machine."""
        return self._by_address.get(source)

    def _room(self, worker: Worker) -> int:
        if worker.address is None or worker.shunned or worker.leaving:
            return 0
        return max(0, self.slots - len(worker.calls) - worker.strangers)

    def acquire(self, token: str, now: float) -> tuple[int, tuple[str, int]] | None:
        """A worker with room for this call, the one longest unused first; None when there is none now."""
        while self._free and self._calls < self._max_calls:
            worker = self._free[0]
            room = self._room(worker)
            if room and worker.address:
                self._free.popleft()
                worker.calls[token] = worker.used = now
                worker.served += 1
                self._calls += 1
                if room > 1:
                    self._free.append(worker)
                return worker.number, worker.address
            self._free.popleft()
        return None

    def release(self, number: int, token: str, refused: bool) -> None:
        """The call is gone from its worker; `refused`: the worker would not take it."""
        worker = self._workers.get(number)
        if worker is None or worker.calls.pop(token, None) is None:
            return
        self._calls -= 1
        if refused:
            worker.shunned = True
        self._offer(worker)

    def _offer(self, worker: Worker) -> None:
        if self._room(worker) and worker not in self._free:
            self._free.append(worker)

    def grow(self, now: float) -> None:
        """Start workers until the least are there, and then while there is little room and few are on their way."""
        if now < self._start_at or len(self._workers) >= self.most:
            return
        starting = sum(worker.address is None for worker in self._workers.values())
        missing = self.least - len(self._workers)
        if missing <= 0 and self.low:
            missing = SPARE // 2 - starting
        for _ in range(min(missing, self.most - len(self._workers))):
            self._workers[self._next] = Worker(self._next, now)
            self._say(f"fork {self._next}")
            self._next += 1

    def ready(self, number: int, port: int, now: float) -> None:
        """A worker serves."""
        worker = self._workers.get(number)
        if worker is None:
            return
        worker.address, worker.heard, worker.used = (self._host, port), now, now
        self._by_address[worker.address] = number
        self._offer(worker)

    def leaving(self, number: int) -> bool:
        """Whether this worker was told to go."""
        worker = self._workers.get(number)
        return worker is not None and worker.leaving

    def died(self, number: int, now: float) -> list[str]:
        """A worker is gone; the tokens of the calls that went with it."""
        worker = self._workers.pop(number, None)
        if worker is None:
            return []
        if worker in self._free:
            self._free.remove(worker)
        if worker.address and self._by_address.get(worker.address) == number:  # not its successor's by now
            del self._by_address[worker.address]
        self._calls -= len(worker.calls)
        if not worker.leaving:
            self._hold_back(worker, now)
        self.grow(now)
        return list(worker.calls)

    def _hold_back(self, worker: Worker, now: float) -> None:
        """Wait before the next start if workers die before they serve; those that die at one stroke count once."""
        if worker.served or now - worker.since > BACK_OFF[-1]:
            self.deaths = 0
        elif now - self._died_at > ONE_STROKE:
            self.deaths += 1
            self._start_at = now + BACK_OFF[min(self.deaths, len(BACK_OFF)) - 1]
        self._died_at = now

    def gone(self) -> list[str]:
        """Every worker is gone, with the process that starts them; the tokens of all their calls."""
        workers, self._workers = self._workers, {}
        self._calls = 0
        self._free.clear()
        self._by_address.clear()
        return [token for worker in workers.values() for token in worker.calls]

    def live(self, number: int, port: int, tokens: set[str], now: float) -> list[str]:
        """A worker's report: the tokens it holds. Returns the calls it was given and has lost."""
        worker = self._workers.get(number)
        if worker is None:
            return []
        if worker.address is None:
            self.ready(number, port, now)
        worker.heard, worker.shunned = now, False
        strangers = len(tokens - worker.calls.keys())
        if not (strangers and worker.strangers):
            worker.strange_since = now
        worker.strangers = strangers
        lost = [token for token, since in worker.calls.items() if token not in tokens and now - since > GRACE]
        for token in lost:
            del worker.calls[token]
        self._calls -= len(lost)
        self._offer(worker)
        return lost

    def tick(self, now: float) -> None:
        """Once a second: let go of what is hung, stuck, worn or too many."""
        staying = sum(not worker.leaving for worker in self._workers.values())
        for worker in list(self._workers.values()):
            if worker.leaving or self._stopped_if_broken(worker, now) or worker.calls or not worker.address:
                continue
            spare = staying > max(self.least, SPARE) and now - worker.used > IDLE
            if not worker.strangers and (spare or worker.served >= WORN):
                self._stop(worker)
                staying -= 1
        self.grow(now)

    def _stopped_if_broken(self, worker: Worker, now: float) -> bool:
        silent = now - (worker.heard or worker.since) > SILENT
        stuck = worker.strangers > 0 and now - worker.strange_since > STUCK and not worker.calls
        if silent or stuck:
            self._stop(worker)
        return silent or stuck

    def _stop(self, worker: Worker) -> None:
        worker.leaving = True
        if worker in self._free:
            self._free.remove(worker)
        self._say(f"stop {worker.number}")
