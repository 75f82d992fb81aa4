"""The database: SQLite in a file by default, PostgreSQL by URL; the same tables and the same behaviour on both.

A writer takes the lock before it reads, so writers queue and none of them fails half way. Whatever the database does to
us comes out as `StoreGone`, in bounded time and without its password.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
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

_ADVICE = (
    ("locked", "another process is writing; try again when its import has ended"),
    ("lock timeout", "another process is writing; try again when its import has ended"),
    ("full", "make room on its disk"),
    ("unable to open", "see that its folder is there and that the gateway may write to it"),
    ("readonly", "let the gateway write to it"),
    ("not a database", "restore it from a backup, or name another file in [store] database_url"),
    ("malformed", "restore it from a backup"),
    ("no such table", "start the gateway or import a policy, which makes the tables"),
    ("password", "correct the user and password in [store] database_url"),
    ("does not exist", "create it, or correct [store] database_url"),
    ("permission denied", "grant the gateway's user the right to create and change tables"),
)
_LAST_ADVICE = "see that the database runs and can be reached"


def open_database(url: str, *, lock_seconds: float = LOCK_SECONDS, create: bool = True) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; PostgreSQL is not asked anything yet.

    lock_seconds: how long a writer waits for another. create: make a SQLite file, for its owner alone, where there is
    none. ValueError for a URL of neither kind; StoreGone where the file cannot be made, or is not there.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # its text stays untold, for there may be a password in it
        parsed = URL.create("unreadable")
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return _sqlite(parsed, lock_seconds, create)
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return _postgresql(parsed.set(drivername="postgresql+psycopg"), lock_seconds)
    raise ValueError('database_url: write "sqlite:///FILE" or "postgresql://USER:PASSWORD@HOST/NAME"')


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
    except (DBAPIError, PoolTimeout) as error:
        raise StoreGone(_reason(error, engine.url)) from None


def _reason(error: DBAPIError | PoolTimeout, url: URL) -> str:
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    if url.password:
        said = said.replace(str(url.password), "***")
    advice = next((advice for sign, advice in _ADVICE if sign in said), _LAST_ADVICE)
    return f"{url.render_as_string(hide_password=True)}: {said}; do: {advice}"


def _sqlite(url: URL, lock_seconds: float, create: bool) -> Engine:
    path = Path(str(url.database)).absolute()
    flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    try:
        os.close(os.open(path, flags, 0o600))
    except OSError as error:
        raise StoreGone(f"{path}: {error.strerror}; do: let the gateway write there") from None

    def connect() -> sqlite3.Connection:
        """A file that has gone is told, and not made anew, empty."""
        return sqlite3.connect(
            f"{path.as_uri()}?mode=rw", uri=True, timeout=lock_seconds, check_same_thread=False
        )

    engine = create_engine(url, creator=connect, pool_timeout=_POOL_SECONDS)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """Readers and one writer at the same time; transactions begin where we say, not where the driver guesses."""
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")


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
