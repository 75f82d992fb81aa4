"""The spool: records on their way from the edge to the database, as files of one JSON object a line.

The edge appends to one file and hands it over by giving it a name that sorts by time; the recorder takes the oldest,
writes all of it to the database and removes it. Neither waits for the other, and a call waits for neither: what finds
no room is lost, counted and said. The files guard against a dead process, not a dead machine, and are ours alone (0600).
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

from gateway import log
from gateway.store.files import replace

CURRENT = "current"
"""The file an edge appends to; nobody else touches it."""

FINISHED = ".jsonl"
SET_ASIDE = ".unreadable"

FEW = 8
"""Finished files that may wait for the recorder; when it falls behind, files grow instead of growing in number."""

LARGE = 1_048_576
"""Bytes of a file that is handed over however many wait: what the recorder writes in one transaction."""

TOLD_EVERY = 60.0
"""Seconds between two log lines about lost records."""

_log = log.get("spool")
_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


def spool_path(state_dir: Path) -> Path:
    """The spool of the edge of this node."""
    return state_dir / "run" / "spool"


class Spool:
    """Where the edge leaves its records. Nothing here raises: no call fails because it cannot be recorded.

    limit_bytes: room for all files of the folder together. clock: seconds since the epoch. `lost` counts the records
    that were given and could not be kept.
    """

    def __init__(self, folder: Path, limit_bytes: int, clock: Callable[[], float] = time) -> None:
        self._folder, self._limit, self._clock = folder, limit_bytes, clock
        self._current = folder / CURRENT
        self._descriptor: int | None = None
        self._size = 0  # of the current file
        self._waiting = Waiting(0, 0, 0)  # besides the current file, as of the last turn
        self.lost = 0
        self._told_at = float("-inf")
        self.close()  # whatever an earlier edge was writing when it ended

    def add(self, record: Mapping[str, Any]) -> None:
        """Keep one record; its `kind` ("call", "block", "audit") says what becomes of it."""
        try:
            self._append(f"{_encode(record)}\n".encode())
        except (OSError, TypeError, ValueError, RecursionError) as error:
            self.lost += 1
            self._tell(error)

    def turn(self) -> None:
        """Once a second: hand over what was added since, unless the recorder has enough to read as it is."""
        self._look()
        if self._size and (self._waiting.files < FEW or self._size >= LARGE):
            self.close()

    def close(self) -> None:
        """Hand over what there is; the next record begins a new file."""
        try:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
            self._hand_over()
            self._size = 0
        except OSError as error:
            self._tell(error)
        self._look()

    def _append(self, line: bytes) -> None:
        if self._size + self._waiting.bytes + len(line) > self._limit:
            raise OSError(errno.EDQUOT, f"the spool holds {self._limit} bytes and is full")
        descriptor = self._open() if self._descriptor is None else self._descriptor
        written = os.write(descriptor, line)
        if written < len(line):  # part of a line would spoil the next one
            os.ftruncate(descriptor, self._size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += written

    def _open(self) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(
            self._current, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        self._size = os.fstat(self._descriptor).st_size
        return self._descriptor

    def _hand_over(self) -> None:
        """Give the current file, if there is one, the name of this moment; names are never given twice."""
        at = int(self._clock() * 1e6)
        while (finished := self._folder / f"{at:020d}{FINISHED}").exists():
            at += 1
        with suppress(FileNotFoundError):
            self._current.rename(finished)

    def _look(self) -> None:
        try:
            self._waiting = waiting(self._folder)
        except OSError as error:
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        now = self._clock()
        if now - self._told_at >= TOLD_EVERY:
            self._told_at = now
            _log.error("spool.failing", error=_said(error), lost=self.lost)


def leave(folder: Path, record: Mapping[str, Any], name: str) -> None:
    """Hand over one record that is not the edge's, as a file of its own; OSError. `name` sorts by time and is nobody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace(folder / f"{name}{FINISHED}", f"{_encode(record)}\n".encode())


@dataclass(frozen=True, slots=True)
class Waiting:
    """What lies in a spool besides the current file: finished files, bytes of all, files set aside."""

    files: int
    bytes: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one file, and how many of its lines are none: torn when an edge died, or spoilt on the disk."""

    records: tuple[dict[str, Any], ...]
    unreadable: int


def waiting(folder: Path) -> Waiting:
    """What waits in a spool; nothing where there is no folder. OSError if it cannot be looked at."""
    sizes = {FINISHED: [0], SET_ASIDE: [0]}
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            found = sizes.get(Path(entry.name).suffix)
            if found is not None:
                with suppress(FileNotFoundError):  # the recorder was quicker
                    found.append(entry.stat().st_size)
    finished, aside = sizes.values()
    return Waiting(len(finished) - 1, sum(finished) + sum(aside), len(aside) - 1)


def finished(folder: Path) -> list[Path]:
    """The files handed over, oldest first; OSError if they cannot be listed."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == FINISHED)
    except FileNotFoundError:
        return []


def read(path: Path) -> Batch:
    """The records of a finished file; OSError if the disk does not give it."""
    found = [_record(line) for line in path.read_bytes().splitlines()]
    records = tuple(each for each in found if each is not None)
    return Batch(records, len(found) - len(records))


def set_aside(path: Path) -> Path:
    """Put a file that cannot be used out of the way, under a name by which an operator finds it."""
    return path.rename(path.with_suffix(SET_ASIDE))


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _said(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
