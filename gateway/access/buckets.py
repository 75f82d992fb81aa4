"""How often one may ask: a bucket of tokens each, which fills evenly."""

from __future__ import annotations

from collections.abc import Hashable

from cachetools import LRUCache

_MOST = 10_000
_BURST = 2.0  # seconds' worth


class Buckets:
    """The buckets of many; whoever has not asked for long has a full one. `rate`: requests a second, 0 for no bound."""

    def __init__(self, rate: float) -> None:
        self._rate, self._size = rate, rate * _BURST
        self._buckets: LRUCache[Hashable, tuple[float, float]] = LRUCache(_MOST)

    def take(self, key: Hashable, now: float) -> float:
        """0.0 where one more request is in order, else the seconds until it is."""
        if not self._rate:
            return 0.0
        left, at = self._buckets.get(key, (self._size, now))
        left = min(self._size, left + max(0.0, now - at) * self._rate)
        if left < 1.0:
            self._buckets[key] = left, now
            return (1.0 - left) / self._rate
        self._buckets[key] = left - 1.0, now
        return 0.0
