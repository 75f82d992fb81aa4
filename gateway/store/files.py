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
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise
