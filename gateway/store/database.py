"""The database: SQLite in a file by default, PostgreSQL by URL; the same tables and the same behaviour on both.

A writer takes the lock before it reads, so writers queue and none of them fails half way. Whatever the database does to
us comes out as `StoreGone`, in bounded time and without its password.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.store.errors import StoreGone

LOCK_SECONDS = 15
"""How long a writer waits for another one: longer than an import of a million numbers takes."""

_CONNECT_SECONDS = 5
_SILENCE_MS = 10_000  # of a server that has gone without saying so
_POOL_SECONDS = 5
_WRITES = "gateway_writes"
_SECRETS = ("password", "sslpassword")  # of a URL's query, which libpq reads too

_ADVICE = (
    ("locked", "another process is writing; try again when its import has ended"),
    ("lock timeout", "another process is writing; try again when its import has ended"),
    ("full", "make room on its disk"),
    ("disk I/O error", "see that its disk has room and is sound"),
    ("unable to open", "see that its folder is there and that the gateway may write to it"),
    ("readonly", "let the gateway write to it"),
    ("not a database", "restore it from a backup, or name another file in [store] database_url"),
    ("malformed", "restore it from a backup"),
    ("no such table", "start the gateway or import a policy, which makes the tables"),
    ('relation "', "start the gateway or import a policy, which makes the tables"),
    ("password", "correct the user and password in [store] database_url"),
    ("role", "correct the user in [store] database_url"),
    ("does not exist", "create it, or correct [store] database_url"),
    ("permission denied", "grant the gateway's user the right to create and change tables"),
)
_NOT_MADE_ANEW = "put it back, or begin anew with `gateway import FILE`"
_LAST_ADVICE = "see that the database runs and can be reached"


def open_database(
    url: str, *, lock_seconds: float = LOCK_SECONDS, create: bool = True, synced: bool = True
) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; PostgreSQL is not asked anything yet.

    lock_seconds: how long a writer waits for another. create: make a SQLite file, for its owner alone, where there is
    none. synced: wait for the disk with each change, so that a power cut takes none; without, a SQLite file may lose the
    last ones to a power cut, though to no end of a process, and is whole in any case. StoreGone for a URL of neither
    kind, and where the file cannot be made, or is not there.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # its text stays untold, for there may be a password in it
        parsed = URL.create("unreadable")
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return _sqlite(parsed, lock_seconds, create, synced)
    if parsed.drivername in ("postgresql", "postgresql+psycopg") and "@" not in (parsed.host or ""):
        return _postgresql(parsed.set(drivername="postgresql+psycopg"), lock_seconds)
    raise StoreGone(
        '[store] database_url cannot be read; do: write "sqlite:///FILE" or "postgresql://USER:PASSWORD@HOST/NAME", '
        "an @ in a password as %40"
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that changes nothing and sees one state of all tables, however long it reads."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with told(engine), engine.connect() as connection:
        yield connection.execution_options(**options)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in one transaction, which is kept if the block ends well and else leaves no trace."""
    with told(engine), engine.connect() as connection:
        connection = connection.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


@contextmanager
def told(engine: Engine) -> Iterator[None]:
    """Raise StoreGone for whatever keeps the database from working inside the block."""
    try:
        yield
    except (IntegrityError, DataError):  # the database works; what it was asked was wrong
        raise
    except (DBAPIError, PoolTimeout, engine.dialect.loaded_dbapi.Error) as error:  # the last from COPY
        raise StoreGone(_reason(error, engine.url)) from None


def _reason(error: Exception, url: URL) -> str:
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    for secret in (url.password, *(url.query.get(name) for name in _SECRETS)):
        if secret:
            said = said.replace(str(secret), "***")
    advice = next((advice for sign, advice in _ADVICE if sign in said), _LAST_ADVICE)
    return f"{url.difference_update_query(_SECRETS).render_as_string()}: {said}; do: {advice}"


def _sqlite(url: URL, lock_seconds: float, create: bool, synced: bool) -> Engine:
    path = Path(str(url.database)).absolute()
    flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    try:
        os.close(os.open(path, flags, 0o600))
    except OSError as error:
        do = "let the gateway write there" if create else _NOT_MADE_ANEW
        raise StoreGone(f"{path}: {error.strerror}; do: {do}") from None

    def connect() -> sqlite3.Connection:
        """A file that has gone is told, and not made anew, empty."""
        return sqlite3.connect(
            f"{path.as_uri()}?mode=rw", uri=True, timeout=lock_seconds, check_same_thread=False
        )

    def note_file(_connection: Any, record: Any) -> None:
        record.info["file"] = _identity(path)

    def check_file(_connection: Any, record: Any, _proxy: object) -> None:
        """What is written to a file that was taken away would be lost; the next connection is to what is there now."""
        if record.info["file"] != _identity(path):
            raise StoreGone(f"{path}: it was taken away or replaced; do: try again, or {_NOT_MADE_ANEW}")

    engine = create_engine(url, creator=connect, pool_timeout=_POOL_SECONDS)
    event.listen(engine, "connect", _set_up_sqlite)
    if not synced:
        event.listen(engine, "connect", _leave_the_disk_its_time)
    event.listen(engine, "connect", note_file)
    event.listen(engine, "checkout", check_file)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """Readers and one writer at the same time; transactions begin where we say, not where the driver guesses."""
    connection.isolation_level = None
    with suppress(sqlite3.OperationalError):  # another process does it at this moment, once and for all
        connection.execute("PRAGMA journal_mode = WAL")
    for pragma in ("foreign_keys = ON", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")


def _leave_the_disk_its_time(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL, lock_seconds: float) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,  # a server that was restarted is found out before it is needed
        pool_timeout=_POOL_SECONDS,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "tcp_user_timeout": _SILENCE_MS,
            "application_name": "vos3000-stir-gateway",
            "options": f"-c lock_timeout={lock_seconds * 1000:.0f}ms -c timezone=UTC",
        },
    )
