"""Databases for tests, each a copy of one whose tables are there: to make them takes a quarter of a second."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.config import DATABASE
from gateway.settings import SQLITE
from gateway.store.database import open_database
from gateway.store.opening import Opening


def database_in(folder: Path) -> str:
    """The URL of a new database in a folder, where a node looks for its own."""
    path = folder / DATABASE
    path.write_bytes(_empty())
    return f"{SQLITE}{path}"


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, DATABASE)
        open_database(f"{SQLITE}{path}").dispose()
        Opening(f"{SQLITE}{path}", lambda: 0.0)().store.engine.dispose()
        return path.read_bytes()
