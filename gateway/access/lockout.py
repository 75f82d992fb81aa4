"""Failures to log in: after some in a row nobody gets a further try for a while, and a longer one each time.

They are counted in three ways, so that a stranger who knows a name does not lock its owner out:

a name from one place    lock_after failures: who guesses there is stopped there
a place, by any names    a few times as many: who tries name after name
a name from everywhere   many times as many: who guesses from many places. From where its owner has logged in before, the
                         owner is not kept out by that.

A user who does not exist is locked like one who does, so that nobody learns the difference.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from cachetools import LRUCache

from gateway.access.rules import AccessRules

OF_A_PLACE, OF_A_NAME = 4, 20
"""How many times lock_after failures are too many of a place, and of a name from everywhere."""

_MOST_COUNTED = 30_000
_MOST_KNOWN = 10_000
_LONGEST_DOUBLED = 16


@dataclass(slots=True)
class _Failures:
    count: int = 0
    locks: int = 0
    until: float = 0.0


class Lockout:
    """Who may not try now. name: of the user; place: as `gateway.access.places` has it; times are epoch seconds."""

    def __init__(self, rules: AccessRules) -> None:
        self._rules = rules
        self._failures: LRUCache[Hashable, _Failures] = LRUCache(_MOST_COUNTED)
        self._known: LRUCache[tuple[str, str], None] = LRUCache(_MOST_KNOWN)

    def wait(self, now: float, name: str, place: str) -> float:
        """Seconds until this name may be tried again from this place; 0 where it may."""
        counted = dict(_counted(name, place))
        if (name, place) in self._known:
            del counted["name", name]
        return max(self._left(key, now) for key in counted)

    def failed(self, now: float, name: str, place: str) -> None:
        """Count a failure."""
        for key, times in _counted(name, place):
            found = self._failures.get(key) or _Failures()
            self._failures[key] = found
            found.count += 1
            if found.count >= self._rules.lock_after * times:
                doubled = self._rules.lock_seconds * 2 ** min(found.locks, _LONGEST_DOUBLED)
                found.until = now + min(doubled, self._rules.lock_most)
                found.locks += 1
                found.count = 0

    def succeeded(self, name: str, place: str) -> None:
        """Forget what failed before, and remember the place."""
        for key, _ in _counted(name, place):
            self._failures.pop(key, None)
        self._known[name, place] = None

    def _left(self, key: Hashable, now: float) -> float:
        found = self._failures.get(key)
        if found is None:
            return 0.0
        left = found.until - now
        # a clock that was set back does not lock anybody for longer than a lock lasts
        return min(left, self._rules.lock_most) if left > 0 else 0.0


def _counted(name: str, place: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """What a failure counts for, and how many times lock_after are too many of it."""
    yield ("both", name, place), 1
    yield ("place", place), OF_A_PLACE
    yield ("name", name), OF_A_NAME
