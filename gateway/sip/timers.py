"""The clocks of all calls: timers that run out once, and messages that are repeated until they are answered
(RFC 3261 §17.1: T1 doubling, T2 at most where capped, given up after 64*T1). A key names one of them within its call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gateway.sip.call import Call
from gateway.sip.commands import Repeat
from gateway.sip.network import Network

T1, T2 = 0.5, 4.0  # RFC 3261 §17.1.1.1
GIVE_UP = 64 * T1


@dataclass(slots=True)
class _Repetition:
    """A message being sent again and again."""

    call: Call
    command: Repeat
    interval: float
    deadline: float


class Timers:
    """Every timer and repetition; `ran_out` hears of each that comes to its end."""

    def __init__(self, network: Network, ran_out: Callable[[Call, str], None]) -> None:
        self._network, self._tell = network, ran_out
        self._loop = asyncio.get_running_loop()
        self._of: dict[str, dict[str, asyncio.TimerHandle]] = {}

    def begin(self, call: Call) -> None:
        """A new call: from now on it may have timers."""
        self._of[call.token] = {}

    def end(self, call: Call) -> None:
        """The call is over: stop all of them."""
        for handle in self._of.pop(call.token).values():
            handle.cancel()

    def start(self, call: Call, key: str, seconds: float) -> None:
        """Tell when the time has passed."""
        self._set(call, key, seconds, self._ran_out, call, key)

    def stop(self, call: Call, key: str) -> bool:
        """End a timer or a repetition; whether there was one."""
        handle = self._of[call.token].pop(key, None) if call.token in self._of else None
        if handle:
            handle.cancel()
        return handle is not None

    def repeat(self, call: Call, command: Repeat) -> None:
        """Send a message until it is answered, or, over a reliable transport, once."""
        self._network.send(command.hop, command.data, lambda: self._unreachable(call, command.key))
        if command.always or command.hop.transport == "udp":
            repetition = _Repetition(call, command, T1, self._loop.time() + GIVE_UP)
            self._set(call, command.key, T1, self._once_more, repetition)
        else:
            self.start(call, command.key, GIVE_UP)

    def _set(
        self, call: Call, key: str, seconds: float, function: Callable[..., None], *args: object
    ) -> None:
        handles = self._of[call.token]
        if old := handles.get(key):
            old.cancel()
        handles[key] = self._loop.call_later(seconds, function, *args)

    def _ran_out(self, call: Call, key: str) -> None:
        self._of[call.token].pop(key, None)
        self._tell(call, key)

    def _once_more(self, repetition: _Repetition) -> None:
        call, command = repetition.call, repetition.command
        now = self._loop.time()
        if now >= repetition.deadline:
            self._ran_out(call, command.key)
            return
        self._network.send(command.hop, command.data)
        interval = repetition.interval * 2
        repetition.interval = min(interval, T2) if command.capped else interval
        self._set(
            call,
            command.key,
            min(repetition.interval, repetition.deadline - now),
            self._once_more,
            repetition,
        )

    def _unreachable(self, call: Call, key: str) -> None:
        """No connection could be made: as good as silence, and known sooner."""
        if self.stop(call, key):
            self._tell(call, key)
