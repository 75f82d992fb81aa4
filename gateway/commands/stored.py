"""What the commands share that change what is stored: the node's database, and who is at the shell."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import given
from gateway.commands.command import Mistake

if TYPE_CHECKING:
    from sqlalchemy import Engine


@contextmanager
def opened(config: Path) -> Iterator[Engine]:
    """The node's database, its tables made; one that cannot be used is a Mistake, whenever it shows."""
    from gateway.store.database import open_database
    from gateway.store.errors import StoreGone
    from gateway.store.migration import migrate

    found = given.config(config)
    try:
        found.node.state_dir.mkdir(parents=True, exist_ok=True)
        engine = open_database(found.database_url)
        migrate(engine)
        yield engine
    except StoreGone as error:
        raise as_mistake(error) from None


def as_mistake(error: Exception) -> Mistake:
    """An error of the store as the user's."""
    what, _, do = str(error).partition("; do: ")
    return Mistake(what, do or "correct it, and try again")


def who() -> str:
    """Who is at the shell, for the record of changes."""
    try:
        return f"{getpass.getuser()}, at the shell"
    except (KeyError, OSError):  # a user without a name, in a container
        return "somebody at the shell"
