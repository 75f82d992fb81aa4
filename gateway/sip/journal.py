"""Established calls on disk, so that an edge that dies takes no call with it: the next edge reads them and goes on.

A call is plain data and is written as it stands, once, when it has been up for a moment; the file is appended to, and
written anew when most of it is of the past. It is ours alone (0600, in the node's state folder) and means nothing to any
other version of the gateway: what cannot be read is left behind, and those calls end as after any restart.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import BinaryIO

from gateway import log
from gateway.sip.call import Call

WASTE = 1000  # entries of ended calls, beyond those of live ones, after which the file is written anew

_log = log.get("journal")


class Journal:
    """The file of one edge. Nothing here waits for the disk: it guards against a dead process, not a dead machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: dict[str, bytes] = {}
        self._dead = 0
        self._file: BinaryIO | None = None

    def load(self) -> list[Call]:
        """The calls the last edge left, and a file that holds them alone from now on."""
        self._held = _read(self._path)
        calls = []
        for token, data in list(self._held.items()):
            call = _revive(data)
            if call:
                calls.append(call)
            else:
                del self._held[token]
        self._rewrite()
        return calls

    def add(self, call: Call) -> None:
        """Keep a call that is up."""
        data = pickle.dumps(call, pickle.HIGHEST_PROTOCOL)
        self._held[call.token] = data
        self._append(call.token, data)

    def drop(self, token: str) -> None:
        """Forget a call that is over."""
        if self._held.pop(token, None) is not None:
            self._dead += 1
            self._append(token, None)
            if self._dead > len(self._held) + WASTE:
                self._rewrite()

    def _append(self, token: str, data: bytes | None) -> None:
        if self._file:
            try:
                pickle.dump((token, data), self._file, pickle.HIGHEST_PROTOCOL)
                self._file.flush()
            except OSError as error:  # a full disk takes no call down; this one would not survive its edge
                _log.error("call.not-kept", error=str(error))

    def _rewrite(self) -> None:
        if self._file:
            self._file.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        self._file = os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._dead = 0
        for token, data in self._held.items():
            self._append(token, data)
        fresh.replace(self._path)


def _read(path: Path) -> dict[str, bytes]:
    """Whatever can be read of the file, up to where the last edge was cut off."""
    held: dict[str, bytes] = {}
    try:
        with path.open("rb") as file:
            while True:
                token, data = pickle.load(file)  # noqa: S301 - our own file, 0600
                if data is None:
                    held.pop(token, None)
                else:
                    held[token] = data
    except FileNotFoundError:
        return {}
    except (EOFError, pickle.UnpicklingError, ValueError, TypeError):
        return held


def _revive(data: bytes) -> Call | None:
    try:
        call = pickle.loads(data)  # noqa: S301 - our own file, 0600
    except Exception as error:  # another version's classes fail in any way they like
        _log.warning("call.not-revived", error=type(error).__name__)
        return None
    return call if isinstance(call, Call) else None
