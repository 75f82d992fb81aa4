"""Certificate chains by their URL, judged: a warm call pays for a look-up, and nothing is judged twice.

    memory   trusted chains with their judgement, which is made anew when the trust anchors change
    disk     the same files, for the next start and for the other processes of this node
    common   what other nodes fetched, where nodes share a shelf
    host     asked where neither has a chain that is still fresh

A chain is fresh for as long as HTTP says (a day at least, ATIS-1000074 §5.3.1) and never past its notAfter; shortly
before, it is fetched again in the background. While it is fresh, a refresh that brings nothing trusted changes nothing.
After that it is still used while the host is down, until notAfter; what the host then sends counts, trusted or not.

Only trusted chains are kept, in memory and on disk: strangers' junk cannot push them out. A refusal is remembered for
a minute, so that a host that repairs its file is believed again soon.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from cachetools import LRUCache, TTLCache

from gateway import log
from gateway.stir import chain
from gateway.stir.chain import Anchors, ChainRefused, TrustedChain
from gateway.stir.reasons import Reason
from gateway.trust.fetch import Fetched, Fetcher, FetchFailed
from gateway.trust.held import Held, judge
from gateway.trust.shelf import Kept, Shelf

CAPACITY = 10_000
"""Chains; a country's signers use fewer at a time."""

REFUSED_TTL = 60.0
"""Seconds for which a refused chain is not fetched again."""

MOST_REFUSED = 4096
"""URLs whose refusal is remembered."""

MOST_LOADS = 1024
"""URLs looked up on disk or at their hosts at one time."""

CONTENT_TYPE = "application/pem-certificate-chain"
"""RFC 8555 §9.1; RFC 9060 §7 asks for it, many hosts say otherwise."""

_MOST_HOSTS = 1024

_log = log.get("certificates")


class Shelving(Protocol):
    """Where files are kept; asked in a thread. What it has is judged before it is believed."""

    def read(self, url: str) -> Kept | None: ...

    def write(self, kept: Kept) -> None: ...


class Chains:
    """The chains this process knows; to be used inside one event loop.

    folder: of the disk layer, None for none. anchors: those in force. now: epoch seconds. capacity: chains in memory,
    files on disk. on_trusted: told of each chain that comes to be trusted. common: where other nodes leave what they fetch.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        folder: Path | None,
        anchors: Callable[[], Anchors],
        now: Callable[[], float],
        capacity: int = CAPACITY,
        on_trusted: Callable[[TrustedChain], None] | None = None,
        common: Shelving | None = None,
    ) -> None:
        self._fetcher, self._anchors, self._now = fetcher, anchors, now
        self._on_trusted = on_trusted or _nobody_asks
        self._held: LRUCache[str, Held] = LRUCache(capacity)
        self._refused: TTLCache[str, tuple[str, Reason]] = TTLCache(MOST_REFUSED, REFUSED_TTL, timer=now)
        self._loads: dict[str, asyncio.Task[TrustedChain | Reason]] = {}
        nearest = [Shelf(folder, capacity)] if folder else []
        self._shelves: tuple[Shelving, ...] = (*nearest, *([common] if common else []))
        # A thread of its own: a slow disk holds up neither the loop nor what else uses the loop's threads.
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="certificates")
        self._told_of: LRUCache[str, None] = LRUCache(_MOST_HOSTS)  # hosts with a wrong content type

    def known(self, url: str) -> TrustedChain | Reason | None:
        """What is at hand of a URL: its chain, the reason why there is none, or None where it has to be fetched."""
        try:
            held = self._held[url]
        except KeyError:
            return self._refusal(url)
        if self._now() < held.look_at and held.version == self._anchors().version:
            return held.chain
        return self._looked_at(url, held)

    async def get(self, url: str, budget: float) -> TrustedChain | Reason:
        """The chain of a URL, or the reason why there is none, within `budget` seconds.

        When they are over it is CERTIFICATE_TIMEOUT, unless there is an older chain to go on with; the fetch is not
        given up, for the next call will ask too.
        """
        found = self.known(url)
        if found is not None:
            return found
        if url not in self._loads and len(self._loads) >= MOST_LOADS:
            return Reason.FETCH_OVERLOADED
        try:
            async with asyncio.timeout(budget):
                return await asyncio.shield(self._load(url))
        except TimeoutError:
            return self._go_on(url, self._held.get(url), Reason.CERTIFICATE_TIMEOUT)

    async def close(self) -> None:
        """Give up what is under way and wait for what is being written."""
        loads = list(self._loads.values())
        for load in loads:
            load.cancel()
        await asyncio.gather(*loads, return_exceptions=True)
        self._disk.shutdown()

    def _refusal(self, url: str) -> Reason | None:
        refused = self._refused.get(url)
        if refused and refused[0] == self._anchors().version:
            return refused[1]
        return self._fetcher.failure(url)

    def _looked_at(self, url: str, held: Held) -> TrustedChain | Reason | None:
        """`known` for a chain about which something is to be done."""
        anchors, now = self._anchors(), self._now()
        if now > held.chain.not_after:
            del self._held[url]
            return self._refusal(url)
        if held.version != anchors.version:
            try:
                held = judge(held.certificates, held.fetched, held.lifetime, anchors, now)
            except ChainRefused as refused:
                return self._refuse(url, refused.reason)
            self._held[url] = held
        if now >= held.refresh_at:
            self._load(url)
        return held.chain if now < held.fresh_until else None

    def _load(self, url: str) -> asyncio.Task[TrustedChain | Reason]:
        """One for all who ask, and nobody's own."""
        load = self._loads.get(url)
        if load is None:
            load = self._loads[url] = asyncio.create_task(self._from_disk_or_host(url))
            load.add_done_callback(lambda _: self._loads.pop(url))
        return load

    async def _from_disk_or_host(self, url: str) -> TrustedChain | Reason:
        shelved, old = await self._from_shelves(url), self._held.get(url)
        if shelved and (old is None or old.fetched < shelved.fetched):
            old = shelved
            self._hold(url, old)  # the best there is, even if the host is to be asked for a better one
            if self._now() < old.refresh_at:
                return old.chain
        try:
            return self._arrived(await self._fetcher.get(url))
        except FetchFailed as failed:
            return self._go_on(url, old, failed.reason)
        except ChainRefused as refused:
            _log.warning("certificate.refused", url=url, reason=refused.reason.value, detail=refused.detail)
            if old and self._now() < old.fresh_until:
                return self._go_on(url, old, refused.reason)
            return self._refuse(url, refused.reason)

    async def _from_shelves(self, url: str) -> Held | None:
        """The best chain of any shelf, from the first one that has a fresh one; those before it get it too."""
        best: Held | None = None
        for place, shelf in enumerate(self._shelves):
            kept = await asyncio.get_running_loop().run_in_executor(self._disk, shelf.read, url)
            held = self._if_trusted(kept)
            if kept and held and (best is None or held.fetched > best.fetched):
                best = held
                self._put(kept, self._shelves[:place])
            if best and self._now() < best.refresh_at:
                break
        return best

    def _if_trusted(self, kept: Kept | None) -> Held | None:
        if kept is None or kept.fetched > self._now():  # kept while the clock was wrong
            return None
        try:
            return self._judged(kept)
        except ChainRefused:
            return None

    def _put(self, kept: Kept, shelves: Sequence[Shelving]) -> None:
        for shelf in shelves:
            self._disk.submit(_write, shelf, kept)

    def _arrived(self, fetched: Fetched) -> TrustedChain:
        """Judge what a host sent, and keep it if it is trusted."""
        self._note_type(fetched)
        kept = Kept(fetched.url, fetched.body, self._now(), fetched.lifetime)
        held = self._judged(kept)
        _log.info("certificate.fetched", url=kept.url, subject=held.chain.subject, spc=held.chain.spc)
        self._put(kept, self._shelves)
        return self._hold(fetched.url, held)

    def _judged(self, kept: Kept) -> Held:
        return judge(chain.read(kept.body), kept.fetched, kept.lifetime, self._anchors(), self._now())

    def _hold(self, url: str, held: Held) -> TrustedChain:
        before = self._held.get(url)
        self._held[url] = held
        if before is None or before.certificates != held.certificates:
            self._on_trusted(held.chain)
        return held.chain

    def _go_on(self, url: str, old: Held | None, otherwise: Reason) -> TrustedChain | Reason:
        """With the chain there was, if it may still be used."""
        if old is None:
            return otherwise
        old.postpone(self._now())
        self._hold(url, old)
        return self.known(url) or otherwise

    def _refuse(self, url: str, reason: Reason) -> Reason:
        self._held.pop(url, None)
        self._refused[url] = self._anchors().version, reason
        return reason

    def _note_type(self, fetched: Fetched) -> None:
        """A wrong content type is told once a host: it is the host's fault and no reason to refuse a call."""
        host = urlsplit(fetched.url).netloc
        if fetched.content_type != CONTENT_TYPE and host not in self._told_of:
            self._told_of[host] = None
            _log.warning("certificate.content-type", host=host, content_type=fetched.content_type)


def _nobody_asks(_: TrustedChain) -> None:
    """Where nobody wants to be told."""


def _write(shelf: Shelving, kept: Kept) -> None:
    try:
        shelf.write(kept)
    except OSError as error:  # the chain is in memory; only the next start is slower
        _log.warning("certificate.not-kept", url=kept.url, error=str(error))
