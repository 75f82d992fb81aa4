"""The database of one process, opened when it is first asked for: a process starts and serves what needs none while the
database is away, and finds it when it is back. It makes no SQLite file: that is the recorder's and the import's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from gateway.store.access import AccessStore
from gateway.store.calls import CallLog
from gateway.store.database import open_database
from gateway.store.errors import StoreGone
from gateway.store.migration import migrate
from gateway.store.nodes import Nodes
from gateway.store.store import Store

RETRY_SECONDS = 2.0
"""For so long a failure is answered with again, so that nobody queues up behind attempts that take seconds each."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What one database holds; its tables are those of this version."""

    store: Store
    calls: CallLog
    access: AccessStore
    nodes: Nodes


class Opening:
    """Opens the database of a URL once; may be asked in several threads. now: epoch seconds."""

    def __init__(self, url: str, now: Callable[[], float]) -> None:
        self._url, self._now = url, now
        self._opened: Opened | None = None
        self._failed: tuple[float, str] | None = None
        self._lock = Lock()

    def __call__(self) -> Opened:
        """The database; raises StoreGone where it cannot be used, and tries anew when it is asked later."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> Opened:
        if self._failed and monotonic() - self._failed[0] < RETRY_SECONDS:
            raise StoreGone(self._failed[1])
        try:
            engine = open_database(self._url, create=False)
            migrate(engine)
        except StoreGone as error:
            self._failed = monotonic(), str(error)
            raise
        return Opened(
            Store(engine, self._now),
            CallLog(engine),
            AccessStore(engine, self._now),
            Nodes(engine, self._now),
        )
