"""What the recorder says about itself, for the processes that answer `/readyz`, `/metrics` and `gateway doctor`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from gateway.store.files import replace

FRESH = 30.0
"""Seconds after which a status says nothing about the recorder any more: it may wait so long for another writer."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong since then (epoch seconds): `name` in stable kebab-case, `text` for an operator."""

    name: str
    text: str
    since: float


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """The recorder as it was at `at` (epoch seconds).

    `revision` is the policy's in force on this node. `files` and `bytes` wait in the spool; of the records since the
    recorder started, `written` are in the database and `lost` could not be read. `set_aside` files need an operator.
    `nodes`: how many of those that share the database do what, as last looked at (`gateway.store.nodes.Standing`).
    """

    at: float
    revision: str
    problems: tuple[Problem, ...] = ()
    files: int = 0
    bytes: int = 0
    set_aside: int = 0
    written: int = 0
    lost: int = 0
    nodes: Mapping[str, int] = field(default_factory=dict)


_FORM = TypeAdapter(RecorderStatus)


def status_path(state_dir: Path) -> Path:
    """Where the recorder of this node leaves its status."""
    return state_dir / "run" / "recorder.json"


def write_status(path: Path, status: RecorderStatus) -> None:
    """Leave the status for the others; does not wait for the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, _FORM.dump_json(status), durable=False)


def read_status(path: Path) -> RecorderStatus | None:
    """The status the recorder left last, or None if there is none that can be read."""
    try:
        return _FORM.validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


def fresh_status(path: Path, now: float) -> RecorderStatus | None:
    """The recorder's status if it was written in the last `FRESH` seconds."""
    status = read_status(path)
    return status if status and abs(now - status.at) < FRESH else None
