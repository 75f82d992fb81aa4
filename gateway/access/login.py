"""Logging in: a name, a password and, where the user has one, a second factor. Blocking and slow by intention.

Whoever is refused learns nothing from the answer nor from how long it took: neither whether the user exists, nor which
of the three was wrong. Each try counts as a failure before it is judged, so that many at once are not more than many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from gateway.access.directory import Directory
from gateway.access.lockout import Lockout
from gateway.access.passwords import Hasher
from gateway.access.places import place
from gateway.access.totp import matching_step
from gateway.access.users import User

_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody shows to log in; `code` is empty where there is no second factor."""

    name: str
    password: str = field(repr=False)
    code: str = field(repr=False)
    address: str


class LogInRefused(Exception):
    """Nobody was let in. `reason`: refused or locked-out; `wait`: seconds until a further try is judged at all."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


class LogIn:
    """Judges attempts; may be asked in several threads.

    spend: notes for all nodes that a code of this time step was used by a user; False where one was used already.
    """

    def __init__(
        self,
        directory: Callable[[], Directory],
        lockout: Lockout,
        spend: Callable[[str, int], bool],
        hasher: Hasher | None = None,
    ) -> None:
        self._directory, self._lockout, self._spend = directory, lockout, spend
        self.hasher = hasher or Hasher()
        self._steps: dict[str, int] = {}
        self._lock = Lock()

    def check(self, attempt: Attempt, now: float) -> User:
        """The user who logs in; raises LogInRefused. now: epoch seconds."""
        tried = _tried(attempt.name, attempt.address)
        self._begin_try(tried, now)
        user = self._directory().user(attempt.name)
        right = self.hasher.verify(user.password if user else None, attempt.password)
        if user is None or not right or not self.check_code(user, attempt.code, now):
            raise self._refused(tried, now)
        self._lockout.succeeded(*tried)
        return user

    def check_password(self, user: User, password: str, address: str, now: float) -> None:
        """Have somebody who is logged in show the password once more; raises LogInRefused."""
        tried = _tried(user.name, address)
        self._begin_try(tried, now)
        if not self.hasher.verify(user.password, password):
            raise self._refused(tried, now)
        self._lockout.succeeded(*tried)

    def check_code(self, user: User, code: str, now: float) -> bool:
        """Whether this is a code that the user's second factor shows now and that was not used; it is used then."""
        if user.totp is None:
            return True
        step = matching_step(user.totp, code, now)
        if step is None:
            return False
        with self._lock:
            if self._steps.get(user.name, 0) >= step:
                return False
            self._steps[user.name] = step
        return self._spend(user.name, step)

    def _begin_try(self, tried: tuple[str, str], now: float) -> None:
        with self._lock:
            wait = self._lockout.wait(now, *tried)
            if wait:
                raise LogInRefused("locked-out", wait)
            self._lockout.failed(now, *tried)

    def _refused(self, tried: tuple[str, str], now: float) -> LogInRefused:
        return LogInRefused("refused", self._lockout.wait(now, *tried))


def _tried(name: str, address: str) -> tuple[str, str]:
    """The name, and the place it is tried from."""
    return name[:_LONGEST_NAME], place(address)
