"""Room for downloads: so many at once, so many of them from one host, and nobody waits for room for ever.

Some of it is kept for hosts that have answered before: strangers can name as many hosts that hang as they like.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from cachetools import LRUCache

MOST_PER_HOST = 4
"""Of all places, so that one host that hangs leaves most of them to others."""

MOST_PROVEN = 4096
"""Hosts remembered because they answered; those of a whole country are some hundreds."""


class NoPlace(Exception):
    """No place became free in time."""


class Places:
    """`total` places, each held by one download; a quarter of them is for hosts that are `proven`. patience: seconds."""

    def __init__(self, total: int, patience: float) -> None:
        self._all, self._patience = asyncio.Semaphore(total), patience
        self._unproven = asyncio.Semaphore(total - total // 4)
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()  # those in use
        self._proven: LRUCache[str, bool] = LRUCache(MOST_PROVEN)

    def prove(self, host: str) -> None:
        """The host has answered."""
        self._proven[host] = True

    @asynccontextmanager
    async def one(self, host: str) -> AsyncIterator[None]:
        """Hold a place while something is fetched from `host`; raises NoPlace."""
        wanted = [self._hosts.setdefault(host, asyncio.Semaphore(MOST_PER_HOST))]
        wanted += [self._all] if host in self._proven else [self._unproven, self._all]
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._patience):
                    for room in wanted:  # that of the host first: who waits for it takes nothing from others
                        await held.enter_async_context(room)
            except TimeoutError:
                raise NoPlace from None
            yield
