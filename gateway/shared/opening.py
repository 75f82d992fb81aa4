"""The way to the Redis that a configuration names. Its URL and password are in no message, log or error of ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from socket import socket
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

import redis
import redis.asyncio
from redis import Connection, SSLConnection
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from gateway.config import Store
from gateway.trust.secret_file import SecretRefused, read_secret

WAY_SECONDS = 1.0
"""To connect, and to answer one command, where an event loop waits."""


class Unreachable(Exception):
    """Redis cannot be used; the message says why, and holds no secret."""


class _Attempt(Thread):
    """One attempt to connect. Who has waited for it long enough leaves it, and it closes what it got."""

    def __init__(self, connect: Callable[[], socket]) -> None:
        super().__init__(name="redis-connect", daemon=True)
        self._connect, self._lock = connect, Lock()
        self._is_left = False
        self._got: socket | Exception | None = None

    def run(self) -> None:
        """Connect, or not."""
        try:
            got: socket | Exception = self._connect()
        except Exception as error:
            got = error
        with self._lock:
            self._got = got
            if self._is_left and not isinstance(got, Exception):
                got.close()

    def within(self, seconds: float | None) -> socket:
        """The connection; raises what prevented it, TimeoutError where there is none in time."""
        self.start()
        self.join(seconds)
        with self._lock:
            self._is_left = True
            got = self._got
        if got is None:
            raise TimeoutError("no connection in time")
        if isinstance(got, Exception):
            raise got
        return got


class _Prompt(Connection):
    """Looks a name up, connects and speaks TLS within the time to connect: the system bounds no look-up."""

    def _connect(self) -> socket:
        return _Attempt(super()._connect).within(self.socket_connect_timeout)


class _PromptTls(SSLConnection):
    """The same with TLS."""

    def _connect(self) -> socket:
        return _Attempt(super()._connect).within(self.socket_connect_timeout)


_PROMPT = {"redis": _Prompt, "rediss": _PromptTls}


class Way:
    """How the Redis of a configuration is reached. `place` names it without its secrets."""

    def __init__(self, url: str, password: Path | None = None) -> None:
        self._url, self._password = url, password
        parts = urlsplit(url)
        self.place = parts.path if parts.scheme == "unix" else f"{parts.hostname} port {parts.port or 6379}"

    @classmethod
    def of(cls, store: Store) -> Way | None:
        """That of `[store]`, None where it names no Redis."""
        return None if store.redis_url is None else cls(store.redis_url, store.redis_password)

    def waiting(self) -> redis.asyncio.Redis:
        """A client for an event loop; raises Unreachable where the password cannot be had."""
        return redis.asyncio.Redis.from_url(
            self._url, **self._options(WAY_SECONDS, WAY_SECONDS), retry=AsyncRetry(NoBackoff(), 0)
        )

    def blocking(self, connect: float, answer: float) -> redis.Redis:
        """A client that blocks for so many seconds at most, to connect and for an answer."""
        options = self._options(connect, answer) | {"retry": Retry(NoBackoff(), 0)}
        if prompt := _PROMPT.get(urlsplit(self._url).scheme):
            options["connection_class"] = prompt
        return redis.Redis.from_url(self._url, **options)

    def _options(self, connect: float, answer: float) -> dict[str, Any]:
        return {
            "password": self._secret(),
            "socket_connect_timeout": connect,
            "socket_timeout": answer,
            "protocol": 2,
            "driver_info": None,  # what it would say of itself costs a connection two questions more
        }

    def _secret(self) -> str | None:
        if self._password is None:
            return None
        try:
            return read_secret(self._password).decode().strip()
        except SecretRefused as refused:
            raise Unreachable(str(refused)) from None
        except ValueError:
            raise Unreachable(f"{self._password} is no text") from None


def reason(error: Exception) -> str:
    """Why Redis cannot be used, for an operator."""
    return f"{error}"[:200] or type(error).__name__
