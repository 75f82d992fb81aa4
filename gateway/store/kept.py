"""What the live counters must remember beyond their process: what was spent today, for the next edge and for `explain`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway import log
from gateway.policy.usage import Usage
from gateway.store.files import replace

SAVE_SECONDS = 5.0

_log = log.get("usage")


def usage_path(state_dir: Path) -> Path:
    """Where the edge of this node leaves its live figures."""
    return state_dir / "run" / "usage.json"


def read(path: Path) -> Mapping[str, Any] | None:
    """The figures an edge left last, or None if there are none that can be read."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class Kept:
    """The figures of one edge on the disk; a full disk takes no call down."""

    def __init__(self, state_dir: Path, usage: Usage) -> None:
        self._path, self._usage = usage_path(state_dir), usage
        self._saved_at, self._saved = 0.0, b""

    def restore(self, now: float) -> None:
        """Take over what the edge before this one counted today."""
        state = read(self._path)
        if state is None:
            return
        try:
            self._usage.restore(state, now)
        except ValueError as error:
            _log.warning("usage.not-restored", error=str(error))

    def save_in_time(self, now: float) -> None:
        """Leave the figures for whoever reads them, every few seconds."""
        if now - self._saved_at >= SAVE_SECONDS:
            self.save(now)

    def save(self, now: float) -> None:
        """Leave the figures, if they have changed."""
        self._saved_at = now
        state = json.dumps(self._usage.snapshot(now)).encode()
        if state != self._saved:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                replace(self._path, state, durable=False)
                self._saved = state
            except OSError as error:
                _log.error("usage.not-saved", error=str(error))
