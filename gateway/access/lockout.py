"""Failures to log in, counted by user and by address: after some in a row nobody gets a further try for a while.

Each lock is twice as long as the one before. A user who does not exist is locked like one who does, so that nobody learns
the difference.
"""

from __future__ import annotations

from dataclasses import dataclass

from cachetools import LRUCache

from gateway.access.rules import AccessRules

_MOST_COUNTED = 10_000
_LONGEST_DOUBLED = 16


@dataclass(slots=True)
class _Failures:
    count: int = 0
    locks: int = 0
    until: float = 0.0


class Lockout:
    """Who may not try now. Keys are `user:NAME` and `address:ADDRESS`; times are epoch seconds."""

    def __init__(self, rules: AccessRules) -> None:
        self._rules = rules
        self._failures: LRUCache[str, _Failures] = LRUCache(_MOST_COUNTED)

    def wait(self, now: float, *keys: str) -> float:
        """Seconds until these may try again; 0 where they may."""
        return max((self._left(key, now) for key in keys), default=0.0)

    def failed(self, now: float, *keys: str) -> None:
        """Count a failure."""
        for key in keys:
            found = self._failures.get(key) or _Failures()
            self._failures[key] = found
            found.count += 1
            if found.count >= self._rules.lock_after:
                doubled = self._rules.lock_seconds * 2 ** min(found.locks, _LONGEST_DOUBLED)
                found.until = now + min(doubled, self._rules.lock_most)
                found.locks += 1
                found.count = 0

    def succeeded(self, *keys: str) -> None:
        """Forget what failed before."""
        for key in keys:
            self._failures.pop(key, None)

    def _left(self, key: str, now: float) -> float:
        found = self._failures.get(key)
        if found is None:
            return 0.0
        left = found.until - now
        # a clock that was set back does not lock anybody for longer than a lock lasts
        return min(left, self._rules.lock_most) if left > 0 else 0.0
