"""Whether a node takes no new calls, as two files of its state folder say: one is there while an operator wants the node
drained, and outlives a restart; the other while what carries the calls is about to stop. Calls that are up go on either way.
"""

from __future__ import annotations

from pathlib import Path


def wish_path(state_dir: Path) -> Path:
    """There while an operator wants this node drained; the recorder keeps it as the database says."""
    return state_dir / "run" / "drained"


def stop_path(state_dir: Path) -> Path:
    """There while Kamailio waits for its calls to end; the edge needs no file, for it hears SIGTERM itself."""
    return state_dir / "run" / "stopping"


def is_wanted(state_dir: Path) -> bool:
    """Whether an operator wants this node drained."""
    return wish_path(state_dir).exists()


def is_draining(state_dir: Path) -> bool:
    """Whether no new calls are to be taken, for either reason."""
    return is_wanted(state_dir) or stop_path(state_dir).exists()


def note(state_dir: Path, wanted: bool) -> None:
    """Leave what the operator wants for whatever carries the calls; OSError if the disk does not take it."""
    path = wish_path(state_dir)
    if not wanted:
        path.unlink(missing_ok=True)
    elif not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
