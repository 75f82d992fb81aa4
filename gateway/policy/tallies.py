"""Who has tried how often, and how often in a row, in memory that strangers cannot fill.

Both counters keep two generations. When the newer one is full (or, for attempts, old) it becomes the older one and what was
the older one is forgotten at once: every step costs the same, and no more than two generations are ever kept.
"""

from __future__ import annotations

MOST = 131_072  # keys in one generation: two full ones are some 25 MB

# A count of attempts and one of marks in one integer: small ones, nearly all, take no memory of their own.
_ATTEMPT = 1
_MARK = 1 << 32


class Attempts:
    """Attempts of each key, and how many of them were marked, in the last `window` seconds.

    A generation lasts half a window. An attempt counts for half a window at least and never longer than the window, so
    nobody is counted over the limit who was not.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._newer: dict[str, int] = {}
        self._older: dict[str, int] = {}
        self._since = 0.0

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def add(self, key: str, marked: bool, window: float, now: float) -> tuple[int, int]:
        """Count one attempt at `now`; how many of this key are in the window, and how many of those are marked."""
        self._turn(window / 2, now)
        counted = self._newer.get(key, 0) + (_ATTEMPT + _MARK if marked else _ATTEMPT)
        self._newer[key] = counted
        marks, attempts = divmod(counted + self._older.get(key, 0), _MARK)
        return attempts, marks

    def forget(self, key: str) -> None:
        """Begin to count anew for a key."""
        self._newer.pop(key, None)
        self._older.pop(key, None)

    def _turn(self, lasts: float, now: float) -> None:
        age = now - self._since
        if 0 <= age < lasts and len(self._newer) < self._most:
            return
        # After a silence of two generations, or with a clock set back by more than one, nothing kept is of the window.
        self._older = self._newer if -lasts <= age < 2 * lasts else {}
        self._newer = {}
        # The next generation begins where the last one ended, not at the first attempt after that: the two
        # together would reach back further than the window.
        self._since += lasts if lasts <= age < 2 * lasts else age


class Streaks:
    """How often in a row something has happened to each key; who it has not happened to for longest is forgotten first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._newer: dict[str, int] = {}
        self._older: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def add(self, key: str) -> int:
        """It happened once more; how often in a row by now."""
        if key in self._newer:
            self._newer[key] += 1
            return self._newer[key]
        if len(self._newer) >= self._most:
            self._older, self._newer = self._newer, {}
        count = self._newer[key] = self._older.pop(key, 0) + 1
        return count

    def forget(self, key: str) -> None:
        """The row is broken."""
        self._newer.pop(key, None)
        self._older.pop(key, None)
