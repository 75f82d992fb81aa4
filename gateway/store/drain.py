"""From the spool into the database: the oldest file first, each whole or not at all, and removed when it is there.

A file that is interrupted is brought in again; whatever of it is there already stays as it is. One that can never be
brought in is set aside for an operator, so that those behind it have their turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from gateway import log
from gateway.policy.areas import AreaTable
from gateway.policy.blocks import Block
from gateway.store import spool
from gateway.store.alarms import Alarms
from gateway.store.call_record import located, masked, named
from gateway.store.calls import CallLog
from gateway.store.deed import Deed
from gateway.store.errors import StoreGone
from gateway.store.spool import Batch, Waiting
from gateway.store.store import Store

TURN_SECONDS = 0.25
"""How long files are brought in before something else has its turn."""

_log = log.get("recorder")
_BLOCK = TypeAdapter(Block)
_DEED = TypeAdapter(Deed)

Parsed = TypeVar("Parsed")


class Drain:
    """Empties one spool. `written` and `lost` count records since it was made."""

    def __init__(self, folder: Path, node: str, mask_numbers: bool, alarms: Alarms) -> None:
        self._folder, self._node, self._mask, self._alarms = folder, node, mask_numbers, alarms
        self.written = 0
        self.lost = 0

    def run(self, store: Store, calls: CallLog, areas: AreaTable) -> None:
        """Bring files in for a while; StoreGone if the database goes, and the file it happened at stays."""
        until = monotonic() + TURN_SECONDS
        for path in self._finished():
            self._bring_in(path, store, calls, areas)
            if monotonic() > until:
                return

    def waiting(self) -> Waiting:
        """What lies in the spool."""
        try:
            found = spool.waiting(self._folder)
        except OSError:  # said when the files are looked for
            return Waiting(0, 0, 0)
        aside = (
            f"{found.set_aside} files in {self._folder} could not be brought in; "
            f"do: name them *{spool.FINISHED} to try again, or remove them"
        )
        self._alarms.set("spool-set-aside", aside if found.set_aside else None)
        return found

    def _finished(self) -> list[Path]:
        try:
            found = spool.finished(self._folder)
        except OSError as error:
            self._alarms.set("spool-unreadable", f"{self._folder}: {error.strerror}")
            return []
        self._alarms.set("spool-unreadable", None)
        return found

    def _bring_in(self, path: Path, store: Store, calls: CallLog, areas: AreaTable) -> None:
        try:
            batch = spool.read(path)
            written = self._write(batch, store, calls, areas)
            path.unlink()
        except StoreGone:
            raise
        except Exception:  # whatever it is, it must not keep the files behind it out as well
            _log.exception("spool.set-aside", file=path.name)
            self._set_aside(path)
        else:
            self.written += written
            self.lost += len(batch.records) - written + batch.unreadable

    def _set_aside(self, path: Path) -> None:
        try:
            spool.set_aside(path)
        except OSError as error:  # it comes again at the next turn
            self._alarms.set("spool-stuck", f"{path}: {error.strerror}")
        else:
            self._alarms.set("spool-stuck", None)

    def _write(self, batch: Batch, store: Store, calls: CallLog, areas: AreaTable) -> int:
        """Returns how many records were kept."""
        written = calls.add(self._calls(batch.records, areas))
        for record in batch.records:
            block = _parsed(_BLOCK, record, "block")
            if block:
                store.add_block(block, self._node, self._node)
                written += 1
            deed = _parsed(_DEED, record, "audit")
            if deed:
                store.record(deed)
                written += 1
        return written

    def _calls(self, records: Iterable[Mapping[str, Any]], areas: AreaTable) -> Iterable[dict[str, Any]]:
        for record in records:
            if record.get("kind") == "call":
                found = located(named(record, self._node), areas)
                yield masked(found) if self._mask else found


def _parsed(kind: TypeAdapter[Parsed], record: Mapping[str, Any], name: str) -> Parsed | None:
    """A record of the kind of this name; None if it is another, or none that can be understood."""
    if record.get("kind") != name:
        return None
    try:
        return kind.validate_python(record)
    except ValidationError:
        return None
