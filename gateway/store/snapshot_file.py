"""The snapshot as a file, so that every process of a node uses the same compiled policy and the same memory.

What is large in a snapshot are flat columns of numbers and text (`gateway.policy.columns`). They stand in the file as
they stand in memory and are mapped, not read: a million listed numbers cost a process no time and no memory of its own.
The rest is a pickle of many small objects, which means something to this version of the gateway alone; hence the first
line, which names it. The file is replaced, never rewritten: whoever has mapped the old one keeps it.

    first line   what this is: the gateway's version, and a digest of the modules a snapshot is made of
    second line  JSON: the bytes of each part, and a checksum of the first of them, the pickle
    parts        each at a multiple of 64 bytes from the beginning
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import mmap
import pickle
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from gateway import policy, stir
from gateway.policy.geofence import Fence
from gateway.policy.limits import Limits
from gateway.policy.lists import Attachment
from gateway.policy.permits import Permits
from gateway.policy.snapshot import Snapshot
from gateway.policy.terms import Terms
from gateway.store.files import replace
from gateway.store.sealed import Sealed
from gateway.version import version

FILE_NAME = "snapshot"

_COMMON = (Terms, Attachment, Permits, Fence, Limits)
"""Parts of accounts that are alike in many of them."""

_ALIGNMENT = 64
_LONGEST_HEADER = 65_536


def _header() -> bytes:
    modules = sorted(path for package in (policy, stir) for path in Path(package.__path__[0]).glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in modules)).hexdigest()
    return f"STIRGW snapshot {version()} {digest[:16]}\n".encode()


_FIRST_LINE = _header()  # made when the modules are loaded: later there may be others on the disk


class SnapshotRefused(ValueError):
    """The file is no snapshot that this version of the gateway can use; the text says why."""


def write(path: Path, snapshot: Snapshot) -> int:
    """Put a snapshot in place as one step, for this user alone (0600); returns the bytes of the file.

    OSError if the disk does not take it; then what was in place still is.
    """
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(_sealed(snapshot), protocol=5, buffer_callback=buffers.append)
    parts = [memoryview(head), *(buffer.raw() for buffer in buffers)]
    facts = {"bytes": [part.nbytes for part in parts], "checksum": zlib.crc32(head)}
    content = b"".join(_laid_out(_FIRST_LINE + json.dumps(facts).encode() + b"\n", parts))
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, content)
    return len(content)


def read(path: Path) -> Snapshot:
    """The snapshot of a file, its columns mapped; SnapshotRefused if it is none of ours, OSError if it is not there."""
    with path.open("rb") as file:
        if file.readline(_LONGEST_HEADER) != _FIRST_LINE:
            raise SnapshotRefused(f"{path} was not written by this version of the gateway")
        second = file.readline(_LONGEST_HEADER)
        content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        head, *columns = _parts(path, content, second, file.tell())
    snapshot = pickle.loads(head, buffers=columns)  # noqa: S301 - our own file, 0600
    if not isinstance(snapshot, Snapshot):
        raise SnapshotRefused(f"{path} holds no snapshot")
    return snapshot


def _sealed(snapshot: Snapshot) -> Snapshot:
    if isinstance(snapshot.accounts, Sealed):
        return snapshot
    return dataclasses.replace(snapshot, accounts=Sealed.of(snapshot.accounts, *_COMMON))


def _laid_out(header: bytes, parts: list[memoryview]) -> Iterator[bytes | memoryview]:
    yield header
    end = len(header)
    for part, (begin, stop) in zip(parts, _places(end, (part.nbytes for part in parts)), strict=True):
        yield bytes(begin - end)
        yield part
        end = stop


def _parts(path: Path, content: memoryview, facts: bytes, begin: int) -> list[memoryview]:
    """The parts that the second line speaks of, whole and undamaged."""
    try:
        said = json.loads(facts)
        places = list(_places(begin, said["bytes"]))
    except (ValueError, TypeError, LookupError):
        raise SnapshotRefused(f"{path} is damaged") from None
    parts = [content[start:stop] for start, stop in places]
    if not parts or places[-1][1] != len(content) or zlib.crc32(parts[0]) != said["checksum"]:
        raise SnapshotRefused(f"{path} is damaged")
    return parts


def _places(end: int, sizes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Where each part begins and stops, behind `end`."""
    for size in sizes:
        begin = -(-end // _ALIGNMENT) * _ALIGNMENT
        end = begin + size
        yield begin, end
