"""What must outlive the process: our account with the STI-CA, and how far each order has come. One file, replaced in one step.

No secret is in it: keys are in the key store, and an SPC token is asked for anew.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gateway.acme.failure import AcmeFailed
from gateway.acme.schedule import Pause
from gateway.acme.steps import Quest
from gateway.store import files

FILE = "acme.json"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Account:
    """Our account with the ACME server of a directory: its URL, and the id of its key in the key store."""

    directory: str
    key_id: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last attempt failed, and when (epoch seconds)."""

    at: float
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How the last dry run ended; trouble is None where a certificate would have been issued."""

    at: float
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one order has come.

    order_url, key_id, installed: what is left of an order under way (`Quest`). begun_at: when it was opened. asked: whether
    an operator wants it now. waiting: whether the STI-CA is at work. failures: attempts in a row that came to nothing.
    jitter: from 0 to 1, for this renewal. renewed_at, certificate: the last success.
    """

    order_url: str | None = None
    key_id: str | None = None
    installed: str | None = None
    begun_at: float | None = None
    asked: bool = False
    waiting: bool = False
    pause: Pause | None = None
    failures: int = 0
    trouble: Trouble | None = None
    jitter: float = 0.5
    renewed_at: float | None = None
    certificate: str | None = None
    rehearsal: Rehearsal | None = None

    @property
    def quest(self) -> Quest:
        """The order under way, or the beginning of one."""
        return Quest(self.order_url, self.key_id, self.installed)

    @property
    def is_under_way(self) -> bool:
        """Whether there is something to go on with."""
        return self.asked or self.order_url is not None or self.installed is not None

    def at(self, quest: Quest, now: float) -> Progress:
        """The same after a step."""
        begun = (self.begun_at or now) if quest.order_url or quest.installed else None
        return replace(
            self,
            order_url=quest.order_url,
            key_id=quest.key_id,
            installed=quest.installed,
            begun_at=begun,
        )


NOTHING = Progress()


@dataclass(frozen=True, slots=True)
class State:
    """All of it. orders: by name."""

    account: Account | None = None
    orders: Mapping[str, Progress] = field(default_factory=dict)

    def of(self, name: str) -> Progress:
        """How far this order has come."""
        return self.orders.get(name, NOTHING)

    def having(self, name: str, progress: Progress) -> State:
        """The same after an order has come further."""
        return replace(self, orders={**self.orders, name: progress})


class Busy(Exception):
    """Another process is at the orders of this node."""


_state = TypeAdapter(State)


class StateFile:
    """The state in `folder`, which is made at the first change. Blocking."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / FILE

    def read(self) -> State:
        """The state as it is now, empty where there was never any; AcmeFailed (state-unreadable)."""
        try:
            return _state.validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return State()
        except OSError as error:
            raise AcmeFailed("state-unreadable", f"{self.path} cannot be read: {error.strerror}") from None
        except ValidationError:
            text = (
                f"{self.path} is damaged: put it back from a backup, or remove it to begin with a new account"
            )
            raise AcmeFailed("state-unreadable", text) from None

    def write(self, state: State) -> None:
        """Put a state in place of the last; AcmeFailed (state-not-written)."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.replace(self.path, _state.dump_json(state, indent=1))
        except OSError as error:
            raise AcmeFailed(
                "state-not-written", f"{self.path} cannot be written: {error.strerror}"
            ) from None

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """While this lasts no other process works on the orders; Busy where one does, AcmeFailed (state-not-written)."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            text = f"{self.folder} cannot be used: {error.strerror}"
            raise AcmeFailed("state-not-written", text) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Busy from None
        finally:
            os.close(descriptor)
