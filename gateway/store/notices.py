"""A change in PostgreSQL is told to whoever listens, in the transaction that makes it: LISTEN and NOTIFY.

A notice says that something has changed, not what: who hears it asks. It may be lost with a connection, so nobody relies on it
alone. SQLite has none of this, and is asked again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from psycopg import Connection as Psycopg
from sqlalchemy import Connection, Engine, func, select, text

from gateway.store.database import open_database, told
from gateway.store.errors import StoreGone

CHANNEL = "gateway_changes"

BACK_OFF = (0.5, 1.0, 2.0, 5.0, 15.0)
"""Seconds until a connection that failed is made again, after so many failures in a row."""


def tell(connection: Connection) -> None:
    """Have everybody who listens hear of this transaction when it is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, "")))


class Listener:
    """Hears notices over a connection of its own. ticks: seconds that nobody sets back.

    `problem` says why it hears nothing, None while it does.
    """

    def __init__(self, url: str, ticks: Callable[[], float] = monotonic) -> None:
        self._url, self._ticks = url, ticks
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._failures = 0
        self._again_at = ticks()
        self.problem: str | None = None

    @property
    def hears(self) -> bool:
        """Whether a change would be heard of."""
        return self._connection is not None

    def connect(self) -> bool:
        """See that there is a connection, if it is time to try; True if it was just made: what was told before is unknown."""
        if self._connection is not None or self._ticks() < self._again_at:
            return False
        try:
            self._engine = open_database(self._url)
            with told(self._engine):
                connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                connection.execute(text(f"LISTEN {CHANNEL}"))
        except StoreGone as gone:
            self._failed(gone)
            return False
        self._connection, self._failures, self.problem = connection, 0, None
        return True

    def heard(self, seconds: float = 0.0) -> bool:
        """Whether something was told; waits for it at most so long, if it hears at all."""
        if self._connection is None or self._engine is None:
            return False
        try:
            with told(self._engine):
                return bool(list(_driver(self._connection).notifies(timeout=seconds, stop_after=1)))
        except StoreGone as gone:
            self._failed(gone)
            return False

    def close(self) -> None:
        """Let go of the connection."""
        connection, engine = self._connection, self._engine
        self._connection = self._engine = None
        if connection and engine:
            with suppress(StoreGone), told(engine):
                connection.close()
        if engine:
            engine.dispose()

    def _failed(self, gone: StoreGone) -> None:
        self._again_at = self._ticks() + BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
        self._failures += 1
        self.problem = str(gone)
        self.close()


def _driver(connection: Connection) -> Psycopg:
    found = connection.connection.driver_connection
    assert isinstance(found, Psycopg)
    return found
