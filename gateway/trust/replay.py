"""A token is for one call: seen again in another call inside its freshness window, it was cut out and pasted in
(RFC 8224 §12.1).

What is one call is the caller's to say, by a string that retransmissions, forks and spirals of it share. The table is
shared by the node's processes and outlives each of them. It guards, it never blocks: while it is locked, full or
damaged, each process goes by its own memory, says so once, and tries again.
"""

import sqlite3
from contextlib import closing, suppress
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from cachetools import FIFOCache

from gateway import log

MOST_TOKENS = 100_000
"""Remembered by one process: more than a minute at 1,000 calls/s."""

MOST_PAGES = 16_384
"""Of 4 KiB each: the table holds more than a million tokens and then counts as full."""

RETRY_AFTER = 10.0
"""Seconds between attempts to use a table that failed."""

PATIENCE = 0.005
"""Seconds that a call may wait for another process's write."""

_SWEEP_EVERY = 64  # first uses of a token between two sweeps
_SLICES = 64  # of the key space; each sweep clears the next, so none takes long

_NAMING = 42
"""Characters of a signature that name its token: 252 of the 256 bits of r. Of an ECDSA signature (r, s) anybody can make
a second valid one, (r, n - s), so what comes after r names nothing."""

# The key is a hash, so that neither an index nor a sort by age is needed: that halves the cost of a call.
_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE used (token INTEGER PRIMARY KEY, call BLOB NOT NULL, until REAL NOT NULL);
"""

# One statement is one transaction: whoever comes second gets the first one's call.
_CLAIM = """
INSERT INTO used (token, call, until) VALUES (?1, ?2, ?3)
ON CONFLICT (token) DO UPDATE SET call = iif(until < ?4, excluded.call, call), until = max(until, excluded.until)
RETURNING call
"""
_SWEEP = "DELETE FROM used WHERE token BETWEEN ? AND ? AND until < ?"

_HOPELESS = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FULL})

_log = log.get("replay")


class Replay(Protocol):
    """Knows which call used which token."""

    def seen(self, signature: str, call_id: str, now: float, until: float, target: str = "") -> bool:
        """Whether another call used this token; the first call to ask has it until then.

        signature: the token's last part, base64url. call_id: what all requests of one call share. now, until: epoch
        seconds, until when the token is fresh. target: the number called; a token for several numbers, or diverted to
        several, serves one call to each.
        """
        ...


class Memory:
    """What one process saw itself: enough where there is only one, and while the table cannot be used."""

    def __init__(self, most: int = MOST_TOKENS) -> None:
        self._used: FIFOCache[int, tuple[bytes, float]] = FIFOCache(most)

    def seen(self, signature: str, call_id: str, now: float, until: float, target: str = "") -> bool:
        """As `Replay.seen`."""
        token, call = token_number(signature, target), call_digest(call_id)
        owner = self.owner(token, now)
        if owner is None:
            self.remember(token, call, until)
        return owner not in (None, call)

    def owner(self, token: int, now: float) -> bytes | None:
        """The call that used the token, if that is known and it is still fresh."""
        call, until = self._used.get(token, (None, now))
        return call if until >= now else None

    def remember(self, token: int, call: bytes, until: float) -> None:
        """Note whose the token is."""
        self._used[token] = call, until


class Table:
    """What all processes of the node saw; the file is made when it is first used, so a process may fork before that."""

    def __init__(self, path: Path, patience: float = PATIENCE, most_pages: int = MOST_PAGES) -> None:
        self._path, self._patience, self._most_pages = path, patience, most_pages
        self._memory = Memory()
        self._database: _Database | None = None
        self._retry_at = 0.0
        self._failing = False

    def seen(self, signature: str, call_id: str, now: float, until: float, target: str = "") -> bool:
        """As `Replay.seen`."""
        token, call = token_number(signature, target), call_digest(call_id)
        owner = self._memory.owner(token, now)
        if owner is None:
            owner = self._claim(token, call, now, until)
            self._memory.remember(token, owner, until)
        return owner != call

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _claim(self, token: int, call: bytes, now: float, until: float) -> bytes:
        """Whose the token is, as far as can be told: this call's where the table cannot be asked."""
        if now < self._retry_at:
            return call
        try:
            owner = self._open().claim(token, call, now, until)
        except (sqlite3.Error, OSError) as error:
            self._failed(error, now)
            return call
        if self._failing:
            self._failing = False
            _log.info("replay.shared-again", path=str(self._path))
        return owner

    def _open(self) -> "_Database":
        """The database behind the path, which another process may have replaced."""
        if self._database is not None and not self._database.is_at(self._path):
            self.close()
        if self._database is None:
            self._database = _Database(self._path, self._patience, self._most_pages)
        return self._database

    def _failed(self, error: Exception, now: float) -> None:
        self.close()
        self._retry_at = now + RETRY_AFTER
        if getattr(error, "sqlite_errorcode", None) in _HOPELESS:
            self._discard()
        if not self._failing:
            self._failing = True
            _log.warning("replay.not-shared", path=str(self._path), error=str(error))

    def _discard(self) -> None:
        """Remove the table: a minute of memory is not worth a repair."""
        for suffix in ("-wal", "-shm", ""):
            with suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


class _Database:
    """One connection, and the file it was made for."""

    def __init__(self, path: Path, patience: float, most_pages: int) -> None:
        if not path.exists():
            _make(path)
        self._connection = sqlite3.connect(
            path, timeout=patience, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute(f"PRAGMA max_page_count = {most_pages}")
            self._file = path.stat().st_ino
        except BaseException:
            self._connection.close()
            raise
        self._claims = 0

    def is_at(self, path: Path) -> bool:
        try:
            return path.stat().st_ino == self._file
        except FileNotFoundError:
            return False

    def claim(self, token: int, call: bytes, now: float, until: float) -> bytes:
        """The call that owns the token: this one if no other was first."""
        turn, rest = divmod(self._claims, _SWEEP_EVERY)
        if rest == 0:
            self._connection.execute(_SWEEP, (*_slice(turn), now))
        self._claims += 1
        owner: bytes = self._connection.execute(_CLAIM, (token, call, until, now)).fetchall()[0][0]
        return owner

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()


def _make(path: Path) -> None:
    """An empty table, put in place whole: processes that start together find the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as aside:
        new = Path(aside, path.name)
        with closing(sqlite3.connect(new)) as connection:
            connection.executescript(_SCHEMA)
        with suppress(FileExistsError):
            path.hardlink_to(new)


def token_number(signature: str, target: str) -> int:
    """A signed 64-bit number: among a million fresh tokens two share one once in forty million times."""
    name = f"{signature[:_NAMING]} {target}".encode()
    return int.from_bytes(blake2b(name, digest_size=8).digest(), signed=True)


def _slice(turn: int) -> tuple[int, int]:
    """The first and the last key of the slice whose turn it is."""
    width = 2**64 // _SLICES
    first = turn % _SLICES * width - 2**63
    return first, first + width - 1


def call_digest(call_id: str) -> bytes:
    """What names a call."""
    return blake2b(call_id.encode(errors="surrogatepass"), digest_size=16).digest()
