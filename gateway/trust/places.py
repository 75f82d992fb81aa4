"""Room for downloads: so many at once, so many of them from one host, and nobody waits for room for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

MOST_PER_HOST = 4
"""Of all places, so that one host that hangs leaves most of them to others."""


class NoPlace(Exception):
    """No place became free in time."""


class Places:
    """`total` places, each held by one download. patience: seconds."""

    def __init__(self, total: int, patience: float) -> None:
        self._all, self._patience = asyncio.Semaphore(total), patience
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()  # those in use

    @asynccontextmanager
    async def one(self, host: str) -> AsyncIterator[None]:
        """Hold a place while something is fetched from `host`; raises NoPlace."""
        of_host = self._hosts.setdefault(host, asyncio.Semaphore(MOST_PER_HOST))
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._patience):
                    await held.enter_async_context(
                        of_host
                    )  # first: who waits here takes no place from others
                    await held.enter_async_context(self._all)
            except TimeoutError:
                raise NoPlace from None
            yield
