"""New calls a second, as a token bucket that holds one second's worth.

The bucket does not know its own size: whoever asks brings the limit in force, so a new limit counts from the next
call on. Asking refills; only `take` takes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """The tokens of one owner as of `at` (epoch seconds); a new one is full."""

    tokens: float
    at: float

    def is_empty(self, cps: int, now: float) -> bool:
        """Whether a call at `now` would be one too many for `cps` calls a second."""
        # Calls let in between a question and its `take` leave a debt: never more than a second has to pay it.
        # A clock set back earns nothing and costs nothing.
        passed, self.at = now - self.at, now
        tokens = self.tokens if self.tokens > -cps else -cps
        if passed > 0:
            tokens += passed * cps
        self.tokens = tokens if tokens < cps else cps
        return self.tokens < 1

    def take(self, calls: int = 1) -> None:
        """Calls have begun."""
        self.tokens -= calls
