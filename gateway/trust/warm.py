"""Certificate chains of a process that must not wait and has no event loop: those in its memory, and those that another
process of the node has left on disk (`gateway.trust.cache`), each judged here once.

It fetches nothing. What is due for a refresh, it asks for; what is nowhere is a matter for whoever fetches.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cachetools import LRUCache

from gateway.stir import chain
from gateway.stir.chain import Anchors, ChainRefused, TrustedChain
from gateway.stir.reasons import Reason
from gateway.trust.cache import CAPACITY
from gateway.trust.held import RETRY, Held, judge
from gateway.trust.shelf import Shelf

LOOK_SECONDS = 0.5
"""Between two looks on the disk for one URL that was not there."""


class WarmChains:
    """The chains at hand. on_trusted: told of each chain that comes to be trusted; ask: of a URL to be fetched again."""

    def __init__(
        self,
        folder: Path,
        anchors: Callable[[], Anchors],
        now: Callable[[], float],
        on_trusted: Callable[[TrustedChain], None],
        ask: Callable[[str], object],
        capacity: int = CAPACITY,
    ) -> None:
        self._shelf, self._anchors, self._now = Shelf(folder, capacity), anchors, now
        self._on_trusted, self._ask = on_trusted, ask
        self._held: LRUCache[str, Held] = LRUCache(capacity)
        self._looked: LRUCache[str, float] = LRUCache(capacity)

    def known(self, url: str) -> TrustedChain | Reason | None:
        """The chain of a URL, or None where it has to be fetched."""
        held, now = self._held.get(url), self._now()
        if held and now < held.look_at and held.version == self._anchors().version:
            return held.chain
        held = self._renewed(url, held, now)
        return held.chain if held and now < held.fresh_until else None

    async def get(self, url: str, budget: float) -> TrustedChain | Reason:
        """What is at hand, however long one would wait."""
        return self.known(url) or Reason.CERTIFICATE_TIMEOUT

    def _renewed(self, url: str, held: Held | None, now: float) -> Held | None:
        """The best chain there is by now; one that nobody trusts any more is forgotten."""
        found = self._from_disk(url, now)
        if found and (held is None or found.fetched > held.fetched):
            held = found
            self._on_trusted(held.chain)
        held = self._under_anchors(held, now)
        if held is None:
            self._held.pop(url, None)
            return None
        self._held[url] = held
        if now >= held.refresh_at:
            self._ask(url)
            held.look_at = min(now + RETRY, held.fresh_until)
        return held

    def _from_disk(self, url: str, now: float) -> Held | None:
        if now - self._looked.get(url, 0.0) < LOOK_SECONDS:
            return None
        self._looked[url] = now
        kept = self._shelf.read(url)
        if kept is None or kept.fetched > now:  # kept while the clock was wrong
            return None
        try:
            return judge(chain.read(kept.body), kept.fetched, kept.lifetime, self._anchors(), now)
        except ChainRefused:
            return None

    def _under_anchors(self, held: Held | None, now: float) -> Held | None:
        """The chain as the anchors in force judge it."""
        if held is None or now > held.chain.not_after:
            return None
        if held.version == self._anchors().version:
            return held
        try:
            return judge(held.certificates, held.fetched, held.lifetime, self._anchors(), now)
        except ChainRefused:
            return None
