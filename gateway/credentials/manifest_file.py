"""The manifest as a file: read whole, changed under a lock, replaced in one step.

A reader sees the old manifest or the new one, and so does whoever reads it after a crash. The lock is the system's (flock),
so it ends with the process that holds it. What the lock's file holds says that there is a manifest: one that is gone later is
missed, and not taken for one that never was.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gateway.credentials.manifest import EMPTY, Manifest
from gateway.store.files import replace
from gateway.trust.crls import Stamp, stamp
from gateway.trust.secret_file import SecretRefused, read_secret

FILE = "credentials.json"
LOCK = "lock"
_MADE = b"credentials.json was made\n"

_manifest = TypeAdapter(Manifest)


class ManifestUnreadable(Exception):
    """The manifest, or the folder it lies in, cannot be used now; the message says what to do."""


class ManifestFile:
    """The manifest in `folder`, which is made at the first change. May be used from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / FILE
        self._known: tuple[Stamp, Manifest] | None = None

    def stamp(self) -> Stamp:
        """What tells one state of the file from another; None where there is none."""
        return stamp(self.path)

    def read(self) -> Manifest:
        """The manifest as it is now, empty where there was never any; ManifestUnreadable."""
        seen, known = self.stamp(), self._known
        if known and known[0] == seen:
            return known[1]
        if seen is None:
            if known and known[0] is not None:
                raise ManifestUnreadable(f"{self.path} is gone: put it back from a backup")
            self._check_absent()
            return EMPTY
        found = self._parse()
        self._known = seen, found  # should the file have changed since, its stamp will differ
        return found

    def change(self, change: Callable[[Manifest], Manifest]) -> tuple[Manifest, Manifest]:
        """Put in force what `change` makes of the manifest; the manifest before and after.

        Whatever `change` raises leaves everything as it was. ManifestUnreadable where it cannot be read or written.
        """
        with self.locked() as lock:
            before = self.read()
            after = change(before)
            try:
                replace(self.path, _manifest.dump_json(after, indent=1))
            except OSError as error:
                raise ManifestUnreadable(f"{self.path} cannot be written: {error.strerror}") from None
            with suppress(OSError):  # the next change will do it
                _note_made(lock)
            return before, after

    @contextmanager
    def locked(self) -> Iterator[int]:
        """While this lasts nobody else on this machine changes anything in the folder; the lock's open file."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ManifestUnreadable(f"{self.folder} cannot be used: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _check_absent(self) -> None:
        """A folder that may not be looked into can hold one all the same, and one may have been taken away."""
        lock = self.folder / LOCK
        try:
            self.path.stat()
        except FileNotFoundError:
            if lock.exists() and lock.stat().st_size:
                raise ManifestUnreadable(
                    f"{self.path} is gone: put it back from a backup, or remove {lock} to begin anew"
                ) from None
            return
        except OSError as error:
            raise ManifestUnreadable(f"{self.path} cannot be looked for: {error.strerror}") from None
        raise ManifestUnreadable(f"{self.path} was only just made: try again")

    def _parse(self) -> Manifest:
        try:
            found = _manifest.validate_json(read_secret(self.path))
        except SecretRefused as refused:
            raise ManifestUnreadable(str(refused)) from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise ManifestUnreadable(
                f"{self.path} is no manifest ({first['msg']}): put it back from a backup"
            ) from None
        if contradiction := found.contradiction():
            raise ManifestUnreadable(
                f"{self.path} contradicts itself ({contradiction}): put it back from a backup"
            )
        return found


def _note_made(lock: int) -> None:
    if not os.fstat(lock).st_size:
        os.write(lock, _MADE)
        os.fsync(lock)
