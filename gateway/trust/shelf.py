"""Certificate files on disk, so that a restart asks no host again: one file a URL, replaced and never rewritten.

Processes share the folder without locks. What lies there is believed no more than what a host sends: whoever reads it
judges it anew. A file is a line that says where, when and for how long, and then the PEM as it came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from pathlib import Path

from gateway.store import files

LARGEST = 1 << 20
"""Bytes read of a file; larger is none of ours."""

_KEPT_AFTER_TRIM = 0.9  # of the capacity, so that trimming is rare
_is_ours = re.compile(
    r"\.?[0-9a-f]{64}\.pem.*"
).fullmatch  # with a dot: left behind by a process that died writing


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as its host served it. fetched: epoch seconds. lifetime: seconds."""

    url: str
    body: bytes
    fetched: float
    lifetime: float


class Shelf:
    """A folder with `capacity` files at most, about: the oldest go. Blocks for as long as the disk does."""

    def __init__(self, folder: Path, capacity: int) -> None:
        self._folder, self._capacity = folder, capacity
        self._written = 0  # by this process since it last counted

    def read(self, url: str) -> Kept | None:
        """What is kept of a URL; None if nothing is, or nothing that can be read."""
        try:
            with self._path(url).open("rb") as file:
                content = file.read(LARGEST + 1)
            return _parsed(url, content)
        except (OSError, ValueError):
            return None

    def write(self, kept: Kept) -> None:
        """Keep a file; raises OSError where the disk does not let us."""
        self._folder.mkdir(parents=True, exist_ok=True)
        head = f"{kept.url} {kept.fetched!r} {kept.lifetime!r}\n".encode()
        files.replace(self._path(kept.url), head + kept.body, durable=False)
        self._written += 1
        if self._written == 1 or self._written > self._capacity // 10:
            self._trim()

    def _path(self, url: str) -> Path:
        return self._folder / f"{sha256(url.encode()).hexdigest()}.pem"

    def _trim(self) -> None:
        self._written = 1
        found = [path for path in self._folder.iterdir() if _is_ours(path.name)]
        if len(found) > self._capacity:
            found.sort(key=_age)
            for path in found[: len(found) - int(self._capacity * _KEPT_AFTER_TRIM)]:
                path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process trims too
        return 0.0


def _parsed(url: str, content: bytes) -> Kept:
    """Raises ValueError where it is not a file of ours about this URL."""
    head, line_feed, body = content.partition(b"\n")
    named, fetched, lifetime = head.decode().split(" ")
    kept = Kept(url, body, float(fetched), float(lifetime))
    if named != url or not line_feed or len(content) > LARGEST:
        raise ValueError("a foreign file")
    if not (isfinite(kept.fetched) and isfinite(kept.lifetime)):
        raise ValueError("no times")
    return kept
