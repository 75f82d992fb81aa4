"""Sessions of the console: kept in memory, found by the digest of what the cookie holds, ended by time or by hand.

A session is one of a user as it was: another password ends it, and what its user may do is asked of the directory anew
each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import RLock

from gateway.access.directory import Directory
from gateway.access.rules import AccessRules, TimeOuts
from gateway.access.tokens import digest
from gateway.access.users import User

MOST_OF_ONE_USER = 10


@dataclass(slots=True)
class Session:
    """One log-in. `id` names it in the list and opens nothing; `csrf` goes along with every change; times are epoch seconds.

    offered_totp: the secret of a second factor that the user has not yet shown a code of.
    """

    id: str
    user: str
    csrf: str = field(repr=False)
    address: str
    began_at: float
    seen_at: float
    password: str = field(repr=False)
    offered_totp: str | None = field(default=None, repr=False)


class Sessions:
    """The sessions there are; may be asked in several threads."""

    def __init__(self, rules: AccessRules) -> None:
        self._rules = rules
        self._sessions: dict[str, Session] = {}
        self._lock = RLock()

    def begin(self, user: User, secret: str, csrf: str, address: str, now: float) -> Session:
        """A new session of a user; `secret` is what the cookie holds. The oldest of too many ends."""
        key = digest(secret)
        session = Session(key[:16], user.name, csrf, address, now, now, user.password)
        with self._lock:
            own = sorted((s for s in self._sessions.values() if s.user == user.name), key=lambda s: s.seen_at)
            for old in own[: max(0, len(own) + 1 - MOST_OF_ONE_USER)]:
                self.end(old.id)
            self._sessions[key] = session
        return session

    def find(
        self, secret: str, directory: Directory, now: float, *, used: bool = True
    ) -> tuple[Session, User] | None:
        """The session that a cookie opens and its user, or None; `used`: it lasts longer by that."""
        key = digest(secret)
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            user = self._user_of(session, directory, now)
            if user is None:
                del self._sessions[key]
                return None
            if used:
                session.seen_at = max(session.seen_at, now)
            return session, user

    def listed(self, directory: Directory, now: float) -> list[tuple[Session, User]]:
        """Those in force and their users, the newest first; the others are forgotten."""
        with self._lock:
            users = {key: self._user_of(session, directory, now) for key, session in self._sessions.items()}
            found = [(self._sessions[key], user) for key, user in users.items() if user]
            self._sessions = {key: self._sessions[key] for key, user in users.items() if user}
        return sorted(found, key=lambda pair: -pair[0].began_at)

    def end(self, id: str) -> Session | None:
        """End the session of this id; None where there is none."""
        with self._lock:
            for key, session in self._sessions.items():
                if session.id == id:
                    return self._sessions.pop(key)
        return None

    def time_outs(self, user: User) -> TimeOuts:
        """After how long a session of this user ends."""
        return self._rules.time_outs[user.role]

    def password_changed(self, id: str, password: str) -> None:
        """Keep the session by which its user has just changed the password to one of this hash."""
        with self._lock:
            for session in self._sessions.values():
                if session.id == id:
                    session.password = password

    def _user_of(self, session: Session, directory: Directory, now: float) -> User | None:
        user = directory.user(session.user)
        if user is None or user.password != session.password:
            return None
        limits = self.time_outs(user)
        in_time = now - session.seen_at < limits.idle and now - session.began_at < limits.absolute
        return user if in_time and session.began_at <= now + limits.idle else None
