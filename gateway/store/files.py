"""Files are replaced, never rewritten: a reader sees all of the old content or all of the new."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

_PART = ".part"
"""How a file ends that is not yet in its place; it begins with a dot."""


def replace(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Give a file new content in one step; `durable` waits for the disk, so that a power cut is survived."""
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", suffix=_PART, delete=False
    ) as temporary:
        try:
            temporary.write(content)
            temporary.flush()
            if durable:
                os.fsync(temporary.fileno())
            Path(temporary.name).replace(path)
            if durable:
                _sync(path.parent)
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise


def sweep(folder: Path, before: float) -> int:
    """Remove what processes that were killed have left anywhere below a folder; how many files that were.

    before: epoch seconds; who began a file since may still be at it.
    """
    removed = 0
    for path in folder.rglob(f".*{_PART}"):
        with suppress(OSError):  # somebody else's, or gone by now
            if path.lstat().st_mtime < before:
                path.unlink()
                removed += 1
    return removed


def _sync(folder: Path) -> None:
    """The file's name is the folder's content."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
