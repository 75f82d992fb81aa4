"""Files that hold a secret: refused where anybody but their owner could read them. What they hold is in no message."""

import os
from pathlib import Path

OTHERS = 0o077  # any permission of the group or of everybody
EVERYBODY = 0o007


class SecretRefused(Exception):
    """A file that must not be used; `reason` is missing, unreadable or readable-by-others, the message says what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_secret(path: Path, closed_to: int = OTHERS) -> bytes:
    """What a file holds; raises SecretRefused. `closed_to`: the permissions that it must not have."""
    try:
        with path.open("rb") as file:
            # The open file is asked, not the path: what was checked is what is read.
            check_closed(path, os.fstat(file.fileno()).st_mode, closed_to)
            return file.read()
    except FileNotFoundError:
        raise SecretRefused("missing", f"{path} does not exist: check the path") from None
    except OSError as error:
        raise SecretRefused("unreadable", f"{path} cannot be read: {error.strerror}") from None


def check_closed(path: Path, mode: int, closed_to: int = OTHERS) -> None:
    """Raise SecretRefused (readable-by-others) for a file of this mode."""
    if mode & closed_to:
        raise SecretRefused(
            "readable-by-others",
            f"{path} is open to other users (mode {mode & 0o777:04o}): run `chmod 600 {path}`",
        )
