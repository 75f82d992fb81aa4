"""Files are replaced, never rewritten: a reader sees all of the old content or all of the new."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Give a file new content in one step; `durable` waits for the disk, so that a power cut is survived."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as temporary:
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


def _sync(folder: Path) -> None:
    """The file's name is the folder's content."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
