"""The inner call: two legs in one worker, tied together there, and the slot they take. This file does no I/O.

Leg A is a call from us, leg B the worker's call back to us. What the worker needs to hear to keep in step is said here;
what its words mean for the call outside is decided in `gateway.sip.call`.
"""

from __future__ import annotations

from gateway.sip.commands import Command, FreeSlot, Inner, Stop, Timer, WantSlot
from gateway.sip.inner import InnerCall
from gateway.sip.message import Message

WORKER_SECONDS = (
    1.0  # a worker that has not answered leg A by then never will: pjsip drops what it cannot read
)
HANGUP_SECONDS = 1.0  # how long a worker may take to pass a hang-up across
FAILED = 480  # any refusal will do inside: the edge knows the real one
NO_ROOM = frozenset({486, 488})  # the library's own words for it, before any callback


class Bridge:
    """What one call holds of a worker. `over` once nothing of it is left there."""

    __slots__ = (
        "_edge",
        "_inner",
        "_out",
        "_slot",
        "_token",
        "a_over",
        "b_over",
        "waiting",
        "worker",
        "worker_address",
    )

    def __init__(self, token: str, edge: tuple[str, int], out: list[Command]) -> None:
        self._token, self._edge, self._out = token, edge, out
        self._inner: InnerCall | None = None
        self._slot = False
        self.waiting = False  # for a slot
        self.worker: int | None = None
        self.worker_address = ("", 0)
        self.a_over = self.b_over = True

    @property
    def over(self) -> bool:
        return self.a_over and self.b_over

    @property
    def called_back(self) -> bool:
        """Whether the worker has opened leg B."""
        return self._inner is not None and self._inner.b_invite is not None

    def want(self) -> None:
        """Ask for a worker."""
        self.waiting = True
        self._out.append(WantSlot())

    def open(self, worker: int, address: tuple[str, int]) -> None:
        """There is room in this worker: open leg A."""
        self.waiting, self._slot, self.a_over, self.b_over = False, True, False, False
        self.worker, self.worker_address = worker, address
        self._inner = InnerCall(self._token, self._edge, address)
        self._out += (Inner(self._inner.invite()), Timer("worker", WORKER_SECONDS))

    def invited(self, message: Message) -> bool:
        """The worker opens leg B; False when it only repeats itself.

        100 Trying is for a worker that asks again: most calls get on without.
        """
        inner = self._inner
        assert inner
        if inner.b_invite is not None or self.b_over:
            self._out.append(Inner(inner.reply(message, FAILED if self.b_over else 100)))
            return False
        inner.b_invite = message
        self._out.append(Stop("worker"))
        return True

    def answer_b(self) -> None:
        """The callee answered."""
        if self._inner and self._b_open:
            self._out.append(Inner(self._inner.answer()))

    def refuse_b(self) -> None:
        """The called side failed: the worker passes that on to leg A."""
        inner = self._inner
        if inner and inner.b_invite and self._b_open:
            self._out += (Inner(inner.reply(inner.b_invite, FAILED)), Timer("drop", HANGUP_SECONDS))
            self.ended(on_a=False)

    @property
    def _b_open(self) -> bool:
        """Whether leg B's INVITE still waits for its final answer."""
        return self.called_back and not self.b_over and not (self._inner and self._inner.b_answered)

    def cancel_a(self) -> bool:
        """The caller takes its INVITE back; False if there is no leg A to take back."""
        if not self._inner or self.a_over:
            return False
        self._out += (Inner(self._inner.cancel()), Timer("drop", HANGUP_SECONDS))
        self.refuse_b()
        return True

    def cancelled_b(self, message: Message) -> None:
        """The worker takes leg B back."""
        inner = self._inner
        assert inner
        if inner.b_invite:
            self._out += (Inner(inner.reply(message, 200)), Inner(inner.reply(inner.b_invite, 487)))

    def answered_a(self, message: Message) -> None:
        """The worker's final answer on leg A, to be acknowledged."""
        inner = self._inner
        assert inner
        self._out += (Stop("worker"), Inner(inner.ack(message)))
        if message.status >= 300:
            self.a_over = True
            self.b_over = self.b_over or not self.called_back

    def no_room_after_all(self, message: Message) -> bool:
        """Whether leg A was refused for want of room; then another worker is asked for."""
        if message.status not in NO_ROOM or self.called_back:
            return False
        self._free(refused=True)
        self.want()
        return True

    def ok(self, message: Message) -> None:
        """Answer a request of the worker with 200."""
        assert self._inner
        self._out.append(Inner(self._inner.reply(message, 200)))

    def hang_up(self, from_a: bool) -> None:
        """One side outside ended: the worker passes it across, and if it does not in time the call does."""
        inner = self._inner
        if not inner or self.over:
            return
        if from_a and not self.a_over:
            self._out.append(Inner(inner.bye_a() if inner.a_tag else inner.cancel()))
            self.refuse_b()
        elif not from_a and inner.b_answered and not self.b_over:
            self._out.append(Inner(inner.bye_b()))
        else:
            self.refuse_b()
        self._out.append(Timer("drop", HANGUP_SECONDS))

    def hurry(self) -> None:
        """One leg is over: the other has only so long to follow."""
        self._out.append(Timer("drop", HANGUP_SECONDS))

    def ended(self, on_a: bool) -> None:
        """Nothing is left of one leg in the worker."""
        if on_a:
            self.a_over = True
        else:
            self.b_over = True
        self.release()

    def release(self) -> None:
        """Give the slot back once both legs are over."""
        if self.over:
            self._free()

    def forget(self) -> None:
        """The worker did not do its part: take it for done; no more calls to it until it reports."""
        if not self.over:
            self.a_over = self.b_over = True
            self._free(refused=True)

    def lost(self) -> None:
        """The worker is gone, and the slot with it."""
        self._slot, self.a_over, self.b_over = False, True, True

    def _free(self, refused: bool = False) -> None:
        if self._slot:
            self._slot = False
            self._out.append(FreeSlot(refused))
