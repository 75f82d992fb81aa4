"""A Redis that lives for one test, on a port of its own, ended by its own process id.

Where it is not installed its tests are skipped, in CI they fail.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE = 10.0


def wait_until(true: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Return as soon as something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.005)


def _free_port() -> int:
    """A port that no connection is given by chance: whoever tries again and again to reach it must not meet itself."""
    while True:
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            return int(free.getsockname()[1])


class RedisServer:
    """A Redis without a disk. `password` is that of its default user."""

    def __init__(self, folder: Path, password: str | None = None) -> None:
        self.port = _free_port()
        self._folder, self._password = folder, password
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """One that waits a second at most, and tries nothing twice."""
        return redis.Redis.from_url(
            self.url,
            password=self._password,
            protocol=2,
            socket_timeout=1,
            socket_connect_timeout=1,
            retry=Retry(NoBackoff(), 0),
        )

    def start(self) -> None:
        """Run it, empty; whoever connects then is served."""
        protected = ["--requirepass", self._password] if self._password else []
        self._process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", *protected],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        with self.client() as client:
            wait_until(lambda: self._answers(client), "Redis")

    def _answers(self, client: redis.Redis) -> bool:
        assert self._process and self._process.poll() is None, "Redis has ended"
        with contextlib.suppress(redis.RedisError):
            return bool(client.ping())
        return False

    def kill(self) -> None:
        """End it at once, and all it held."""
        if self._process is not None:
            self.goes_on()
            self._process.kill()
            self._process.wait()
            self._process = None

    def hangs(self) -> None:
        """From now on it takes connections and answers nobody."""
        assert self._process
        os.kill(self._process.pid, signal.SIGSTOP)

    def goes_on(self) -> None:
        assert self._process
        os.kill(self._process.pid, signal.SIGCONT)


@contextmanager
def running_redis(password: str | None = None) -> Iterator[RedisServer]:
    """A Redis of one's own."""
    if shutil.which("redis-server") is None:
        reason = "Redis is not installed; do: apt-get install redis-server"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(Path(folder), password)
        server.start()
        try:
            yield server
        finally:
            server.kill()
