"""The policy is compiled in a process of its own: the memory that takes goes back when it ends, and nobody waits for it.

The child reads the database, compiles, writes the snapshot's file and says in one message how it went.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from time import monotonic, time

from gateway.policy.inbound import InboundRules
from gateway.policy.snapshot import PolicyError, SigningRules, Snapshot, compile_snapshot
from gateway.store import snapshot_file
from gateway.store.database import open_database
from gateway.store.errors import StoreGone
from gateway.store.store import Store

NICENESS = 5
MOST_ERRORS = 50
"""Errors of a policy that are told; an import would have told them all."""

LONGEST = 300.0
"""Seconds after which a compilation is given up."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """How a compilation went: of which revision, or what is wrong; `final` if the same policy would fail again."""

    revision: str | None = None
    problem: str | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Compiler:
    """Makes the snapshot at `path` of the policy in a database, under the node's rules."""

    url: str
    path: Path
    signing: SigningRules
    inbound: InboundRules

    def begin(self, previous: Snapshot | None) -> Compilation:
        """Start; what did not change since `previous` is taken over from it. The caller holds no connection."""
        return Compilation(lambda: self.compile(previous))

    def compile(self, previous: Snapshot | None) -> Compiled:
        """Do it, in this process."""
        try:
            data = Store(open_database(self.url, create=False), time).policy(previous)
            snapshot_file.write(self.path, compile_snapshot(data, self.signing, self.inbound))
        except PolicyError as error:
            return Compiled(problem="\n".join(error.errors[:MOST_ERRORS]), final=True)
        except (StoreGone, OSError) as error:
            return Compiled(problem=str(error))
        return Compiled(data.revision)


class Compilation:
    """One that is under way."""

    def __init__(self, work: Callable[[], Compiled]) -> None:
        self._line, theirs = multiprocessing.Pipe(duplex=False)
        self._process: ForkProcess = multiprocessing.get_context("fork").Process(
            target=_child, args=(work, theirs), daemon=True
        )
        self._process.start()
        theirs.close()
        self._deadline = monotonic() + LONGEST

    def outcome(self, wait: float = 0.0) -> Compiled | None:
        """How it went, None if it is still under way after `wait` seconds."""
        if self._line.poll(wait):
            outcome = self._said()
        elif monotonic() > self._deadline:
            outcome = Compiled(problem=f"not done after {LONGEST:.0f} seconds")
        else:
            return None
        self.end()
        return outcome

    def _said(self) -> Compiled:
        try:
            outcome: Compiled = self._line.recv()
        except EOFError:
            self._process.join()
            return Compiled(problem=f"its process ended with status {self._process.exitcode}")
        return outcome

    def end(self) -> None:
        """It is over, or not wanted any more."""
        self._process.kill()
        self._process.join()
        self._line.close()


def _child(work: Callable[[], Compiled], line: Connection) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.nice(NICENESS)
    gc.disable()  # what is made here is kept to the end; to look through it again and again takes a third of the time
    line.send(work())
