"""A PostgreSQL that lives for one test run.

It listens on a socket in its own folder and on no port. It refuses to run as root, so root runs it as the user Debian
made for it. Where it is not installed its tests are skipped, in CI they fail.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

_BINARIES = "usr/lib/postgresql/*/bin/postgres"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL that runs: the folder of its socket, whose it is, and the command that starts and stops it."""

    folder: Path
    user: str
    control: tuple[str, ...]

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}@/{database}?host={self.folder}"

    def start(self) -> None:
        """Run it; whoever connects then is served."""
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off -c full_page_writes=off"
        subprocess.run(
            [*self.control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL, cwd=self.folder
        )

    def kill(self) -> None:
        """End it at once, as if it had crashed."""
        subprocess.run(
            [*self.control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=self.folder
        )

    def run(self, *statements: str) -> None:
        """Statements that no transaction may hold."""
        engine = create_engine(
            self.url("postgres").replace("postgresql", "postgresql+psycopg", 1), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


def _postgres() -> Path:
    found = sorted(Path("/").glob(_BINARIES), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    reason = "PostgreSQL is not installed; do: apt-get install postgresql"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running() -> Iterator[Cluster]:
    """A PostgreSQL of one's own, in a folder that goes with it."""
    binaries = _postgres()
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, _server(binaries, Path(folder)) as cluster:
        yield cluster


@contextmanager
def _server(binaries: Path, folder: Path) -> Iterator[Cluster]:
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    prefix = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if os.geteuid() == 0 else []
    if prefix:
        shutil.chown(folder, user, user)
    data = folder / "data"
    initdb = [binaries / "initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale"]
    subprocess.run([*prefix, *initdb], check=True, capture_output=True, cwd=folder)
    control = (*prefix, str(binaries / "pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-w")
    cluster = Cluster(folder, user, control)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.kill()
