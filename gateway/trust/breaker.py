"""A host that keeps failing is left alone for a while, then tried once; the first answer brings it back.

This file does no I/O; the clock is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache

FAILURES = 3
"""In a row: one is chance, and every further one costs a call its whole budget."""

PAUSE = 30.0
"""Seconds: a restart of the host takes less, and two attempts a minute hurt nobody."""

MOST_HOSTS = 4096
"""Remembered. Strangers name hosts, so the table is bounded; a forgotten host starts afresh."""


@dataclass(slots=True)
class _Failing:
    times: int = 0
    is_ours: bool = False  # at least one of these times
    until: float = 0.0  # left alone before this moment


class Breaker:
    """Knows which hosts are failing. host: name and port, for another port is another server. now: seconds.

    tell: hears of a host that was failing here and has answered, or that has failed, for others who ask the same hosts; what
    they find out is told with `learn`. Their failures spare us further ones, never the first: it may be they who are cut off.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.tell: Callable[[str, bool], None] = _nobody
        self._failing: LRUCache[str, _Failing] = LRUCache(MOST_HOSTS)

    def allows(self, host: str) -> bool:
        """Whether the host may be asked now. After a pause one asker is let through, the next after another pause."""
        failing = self._failing.get(host)
        if failing is None or not failing.is_ours or failing.times < FAILURES:
            return True
        if self._now() < failing.until:
            return False
        failing.until = self._now() + PAUSE
        return True

    def answered(self, host: str) -> None:
        """The host is there, whatever it said."""
        failing = self._failing.pop(host, None)
        if failing and failing.is_ours:
            self.tell(host, True)

    def failed(self, host: str) -> None:
        """The host did not answer as a host should."""
        self.learn(host, False)
        failing = self._failing[host]
        failing.is_ours, failing.until = True, self._now() + PAUSE
        self.tell(host, False)

    def learn(self, host: str, answered: bool) -> None:
        """What a host did, whoever asked it."""
        if answered:
            self._failing.pop(host, None)
            return
        failing = self._failing.setdefault(host, _Failing())
        failing.times += 1
        if (
            failing.times <= FAILURES
        ):  # a pause that has begun ends in its time, for all others may go on to fail
            failing.until = self._now() + PAUSE


def _nobody(_host: str, _answered: bool) -> None:
    """Where nobody else asks."""
