"""The lab's files on disk: each one whole or absent, keys for their owner alone, nothing lost silently."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from certs.refusal import LabRefused

OTHERS = 0o077  # any permission of the group or of everybody
PUBLIC = frozenset({".pem", ".jws"})  # what is served to everybody; the rest is for the owner alone


def private_directory(path: Path) -> None:
    """Make `path` (mode 0700) unless it is there; raises LabRefused where others may look into it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & OTHERS:
        raise LabRefused(f"{path} will hold private keys and is open to other users: run `chmod 700 {path}`")


def refuse_present(directory: Path, names: Iterable[str]) -> None:
    """Raise LabRefused where one of `names` is in `directory` already."""
    present = [name for name in names if (directory / name).exists()]
    if present:
        raise LabRefused(
            f"{directory} already has {', '.join(present)}: choose another name or directory, "
            "or replace with --force"
        )


def write_all(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` (content by name) in their order."""
    for name, content in files.items():
        write(directory / name, content)


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step: a reader sees the old file or the new one, never a part."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if path.suffix in PUBLIC:
                os.fchmod(file.fileno(), 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(path: Path) -> bytes:
    """The content of `path`; raises LabRefused where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise LabRefused(f"{path} does not exist: make the lab first with `python -m certs init`") from None
    except OSError as error:
        raise LabRefused(f"{path} cannot be read: {error.strerror}") from error
