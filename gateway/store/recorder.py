"""The recorder: the one process of a node that uses the database while calls run.

It compiles the policy whenever its revision changes, publishes the dynamic black list and whether the node is to be drained,
moves what the edge has spooled into the call log, says to the other nodes how this one does, and forgets what is old. No call
waits for it or ends with it: without it, or without the database, what was published last stays in force and the spool grows.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep, time
from types import FrameType

from sqlalchemy import Engine

from gateway import draining, log
from gateway.config import Config
from gateway.settings import SQLITE
from gateway.store import blocks_file
from gateway.store.alarms import Alarms
from gateway.store.blocks_file import TOLD_FOR, BlocksFile, Release
from gateway.store.calls import CallLog
from gateway.store.compiler import NICENESS, Compilation, Compiled, Compiler
from gateway.store.database import open_database
from gateway.store.drain import Drain
from gateway.store.errors import StoreGone
from gateway.store.marks import Marks, marks
from gateway.store.migration import migrate
from gateway.store.nodes import Nodes
from gateway.store.notices import Listener
from gateway.store.presence import Presence
from gateway.store.recorder_status import RecorderStatus, status_path, write_status
from gateway.store.retention import forget
from gateway.store.spool import spool_path
from gateway.store.store import Store
from gateway.store.watcher import Watcher, blocks_path, snapshot_path

POLL_SECONDS = 0.25

ASK_SECONDS = 1.0
"""Between two questions to a database that tells of changes by itself; one that does not is asked at every step."""

BACK_OFF = (0.5, 1.0, 2.0, 5.0)
"""Seconds until a database that has gone is asked again, after so many failures in a row."""

RECOMPILE_SECONDS = 30.0
"""Until a compilation that failed for no fault of the policy's is tried again."""

FORGET_SECONDS = 3600.0


class _Database:
    """The database once it could be opened, with what is asked of it."""

    def __init__(self, url: str, clock: Callable[[], float], *, create: bool) -> None:
        # The spool that records come from waits for no disk either, and policy is not changed here.
        self.engine = open_database(url, create=create, synced=False)
        migrate(self.engine)
        self.store, self.calls = Store(self.engine, clock), CallLog(self.engine)
        self.nodes = Nodes(self.engine, clock)


class Recorder:
    """The work of the process, a step at a time. `clock`: epoch seconds; `ticks`: seconds that nobody sets back."""

    def __init__(
        self, config: Config, clock: Callable[[], float] = time, ticks: Callable[[], float] = monotonic
    ) -> None:
        state_dir = config.node.state_dir
        self._config, self._clock, self._ticks = config, clock, ticks
        self._watcher = Watcher(state_dir, config.signing.rules, config.verification.inbound)
        self._watcher.changed()
        self._compiler = Compiler(
            config.database_url, snapshot_path(state_dir), config.signing.rules, config.verification.inbound
        )
        self._alarms = Alarms(clock)
        self._drain = Drain(spool_path(state_dir), config.node.name, config.store.mask_numbers, self._alarms)
        self._presence = Presence(config, clock, ticks, self._alarms)
        self._listener = (
            None if config.database_url.startswith(SQLITE) else Listener(config.database_url, ticks)
        )
        self._database: _Database | None = None
        self._marks: Marks | None = None
        self._compilation: Compilation | None = None
        self._policy_seen: str | None = None
        self._blocks_seen: int | None = None
        self._failures = 0
        self._use_at = self._ask_at = self._compile_at = self._forget_at = ticks()

    def wait(self, seconds: float) -> None:
        """Until the database tells of a change, or for so long."""
        if self._listener is None or not self._listener.hears:
            sleep(seconds)
        elif self._listener.heard(seconds):
            self._ask_at = self._ticks()

    def step(self) -> None:
        """Do what there is to do now; only a database that answers slowly makes it last."""
        if self._ticks() >= self._use_at:
            try:
                self._use_database()
            except StoreGone as gone:
                self._lost_database(gone)
            else:
                self._failures = 0
                self._alarms.set("database-gone", None)
        self._write_status()

    def close(self) -> None:
        """Bring in what the edge left last, as far as that is quickly done, and leave nothing running."""
        if self._compilation:
            self._compilation.end()
        if self._database:
            with suppress(StoreGone):
                self._run_drain(self._database)
        if self._listener:
            self._listener.close()
        self._write_status()

    def _lost_database(self, gone: StoreGone) -> None:
        """It is opened anew next time: it may be another one then, put in place by an operator."""
        self._use_at = self._ticks() + BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
        self._failures += 1
        self._alarms.set("database-gone", str(gone))
        if self._database:
            self._database.engine.dispose()
            self._database = self._marks = self._policy_seen = self._blocks_seen = None
        self._presence.lost()
        if self._listener:
            self._listener.close()

    def _use_database(self) -> None:
        if self._database is None:
            # A file that has gone is never made anew: it would be empty, and so would the policy that calls go by.
            is_first = not snapshot_path(self._config.node.state_dir).exists()
            self._database = _Database(self._config.database_url, self._clock, create=is_first)
        found = self._ask(self._database)
        self._note_wish(found.drain)
        self._follow_policy(self._database, found)
        self._follow_blocks(self._database.store, found.blocks)
        self._run_drain(self._database)
        self._presence.step(self._database.nodes, self._watcher.current.revision)
        self._forget(self._database.engine)

    def _ask(self, database: _Database) -> Marks:
        """How things stand in the database: as it is now, or as it was last, if it would have told of a change."""
        if self._listener:
            if self._listener.connect() or self._listener.heard():
                self._ask_at = self._ticks()
            self._alarms.set("notices-not-heard", self._listener.problem)
        if self._marks is None or self._ticks() >= self._ask_at:
            self._marks = marks(database.engine, self._config.node.name)
            self._ask_at = self._ticks()
            if self._listener and self._listener.hears:
                self._ask_at += ASK_SECONDS
        return self._marks

    def _note_wish(self, drain: bool) -> None:
        """What an operator wants of this node, for whatever carries the calls."""
        try:
            draining.note(self._config.node.state_dir, drain)
        except OSError as error:
            self._alarms.set("drain-not-noted", str(error))
        else:
            self._alarms.set("drain-not-noted", None)

    def _run_drain(self, database: _Database) -> None:
        self._drain.run(database.store, database.calls, self._watcher.current.areas)

    def _follow_policy(self, database: _Database, found: Marks) -> None:
        if self._compilation:
            outcome = self._compilation.outcome()
            if outcome is None:
                return
            self._compilation = None
            self._concluded(outcome)
            found = self._marks = marks(
                database.engine, self._config.node.name
            )  # it read a later one, it may be
        revision = str(found.policy)
        if revision != self._policy_seen and self._ticks() >= self._compile_at:
            # What an earlier recorder left may be of another database: only what this one has compiled is taken over.
            previous = self._watcher.current if self._policy_seen is not None else None
            self._policy_seen = revision
            database.engine.dispose()  # no connection is to be open in two processes
            self._compilation = self._compiler.begin(previous)

    def _concluded(self, outcome: Compiled) -> None:
        self._watcher.changed()
        self._alarms.set("policy-not-compiled", outcome.problem)
        if outcome.problem is None:
            self._alarms.set("snapshot-refused", self._watcher.problem)
            self._policy_seen = outcome.revision
        elif not outcome.final:
            self._policy_seen = None
            self._compile_at = self._ticks() + RECOMPILE_SECONDS

    def _follow_blocks(self, store: Store, revision: int) -> None:
        if revision == self._blocks_seen:
            return
        released = (
            Release(held.block.type, held.block.subject, held.released_at)
            for held in store.released_since(self._clock() - TOLD_FOR)
            if held.released_at is not None
        )
        blocks = BlocksFile(tuple(released), tuple(held.block for held in store.blocks_in_force()))
        try:
            blocks_file.write(blocks_path(self._config.node.state_dir), blocks)
        except OSError as error:
            self._alarms.set("blocks-not-written", str(error))
            return
        self._alarms.set("blocks-not-written", None)
        self._blocks_seen = revision

    def _forget(self, engine: Engine) -> None:
        if self._ticks() < self._forget_at:
            return
        kept, now = self._config.store, self._clock()
        if not forget(engine, now - kept.keep_calls, now - kept.keep_changes):  # else the next step goes on
            self._forget_at = self._ticks() + FORGET_SECONDS

    def _write_status(self) -> None:
        drain, waiting = self._drain, self._drain.waiting()
        status = RecorderStatus(
            at=self._clock(),
            revision=self._watcher.current.revision,
            problems=tuple(self._alarms),
            files=waiting.files,
            bytes=waiting.bytes,
            set_aside=waiting.set_aside,
            written=drain.written,
            lost=drain.lost,
            nodes=self._presence.standings,
        )
        try:
            write_status(status_path(self._config.node.state_dir), status)
        except OSError as error:
            self._alarms.set("status-not-written", str(error))
        else:
            self._alarms.set("status-not-written", None)


def run(config: Config) -> None:
    """The body of the process: until SIGTERM or SIGINT."""
    log.setup(config.log.level)
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    os.nice(NICENESS)  # calls go first
    recorder = Recorder(config)
    while not stopping:
        recorder.step()
        recorder.wait(POLL_SECONDS)
    recorder.close()
