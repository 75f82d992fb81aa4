"""Redis for those who must have an answer at once or do without: a blocking client with little patience.

Where it fails it is left alone for a while, so that a Redis which hangs costs its patience once in that time; that is told
once. It connects when it is first asked, so a process may fork before that.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from redis import Redis
from redis.exceptions import RedisError

from gateway import log
from gateway.shared.opening import Unreachable, Way, reason

RETRY_AFTER = 10.0
"""Seconds for which a Redis that failed is not asked."""

CONNECT_SECONDS = 0.02
"""To connect, TLS and all, in one network; once in RETRY_AFTER at most."""

_Answer = TypeVar("_Answer")
_log = log.get("shared")


class Asking:
    """`what` for: it names the use in the log. `patience`: seconds for one answer."""

    def __init__(self, way: Way, what: str, patience: float) -> None:
        self._way, self._what, self._patience = way, what, patience
        self._client: Redis | None = None
        self._retry_at = float("-inf")
        self._failing = False

    def ask(self, question: Callable[[Redis], _Answer]) -> _Answer:
        """The answer of Redis; raises Unreachable where there is none in time."""
        if monotonic() < self._retry_at:
            raise Unreachable("it has just failed")
        try:
            if self._client is None:
                self._client = self._way.blocking(CONNECT_SECONDS, self._patience)
            answer = question(self._client)
        except (RedisError, OSError, Unreachable) as error:
            self._failed(error)
            raise Unreachable(reason(error)) from None
        if self._failing:
            self._failing = False
            _log.info(f"{self._what}.shared-again", redis=self._way.place)
        return answer

    def _failed(self, error: Exception) -> None:
        self._retry_at = monotonic() + RETRY_AFTER
        if self._client is not None:
            self._client.close()
            self._client = None
        if not self._failing:
            self._failing = True
            _log.warning(f"{self._what}.not-shared", redis=self._way.place, error=reason(error))
