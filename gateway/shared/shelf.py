"""Certificate files that any node fetched, for the others: behind the disk of each. Whoever reads one judges it anew.

How old a file is goes by the time it has left in Redis, so that no two clocks are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from redis import Redis

from gateway.config import Store
from gateway.shared.asking import Asking
from gateway.shared.messages import PREFIX
from gateway.shared.opening import Unreachable, Way
from gateway.trust.shelf import Kept

LARGEST = 128 * 1024
"""Bytes of a file; chains have some three thousand."""

LONGEST = 30 * 86_400.0
"""Seconds for which a file is kept, however long its host allows."""

PATIENCE = 0.1
"""Seconds for one answer, which no event loop waits for."""


class SharedShelf:
    """As `gateway.trust.shelf.Shelf`. `now`: epoch seconds."""

    def __init__(self, asking: Asking, now: Callable[[], float]) -> None:
        self._asking, self._now = asking, now

    def read(self, url: str) -> Kept | None:
        """What is kept of a URL; None if nothing is, or nothing that can be read, or Redis cannot be asked."""
        key = _key(url)
        try:
            content, left = self._asking.ask(lambda redis: _content_and_time(redis, key))
            head, line_feed, body = content.partition(b"\n")
            named, lifetime = head.decode().split(" ")
            kept_for = min(float(lifetime), LONGEST)
            age = kept_for - left / 1000
            if named != url or not line_feed or len(content) > LARGEST or not 0 <= age <= kept_for:
                return None
        except (Unreachable, ValueError):
            return None
        return Kept(url, body, self._now() - age, float(lifetime))

    def write(self, kept: Kept) -> None:
        """Keep a file for as long as it is fresh."""
        age = max(0.0, self._now() - kept.fetched)
        left = int((min(kept.lifetime, LONGEST) - age) * 1000)
        content = f"{kept.url} {kept.lifetime!r}\n".encode() + kept.body
        if left <= 0 or len(content) > LARGEST:
            return
        try:
            self._asking.ask(lambda redis: redis.set(_key(kept.url), content, px=left))
        except Unreachable:
            return


def _content_and_time(redis: Redis, key: str) -> tuple[bytes, int]:
    """What lies there, one byte more than is taken at most, and how many milliseconds it has left."""
    asked = redis.pipeline(transaction=False)
    asked.getrange(key, 0, LARGEST)
    asked.pttl(key)
    content, left = asked.execute()
    return content, left


def _key(url: str) -> str:
    return f"{PREFIX}chain:{sha256(url.encode()).hexdigest()}"


def shelf_of(store: Store, now: Callable[[], float]) -> SharedShelf | None:
    """The shelf in the Redis that a configuration names, None where it names none."""
    way = Way.of(store)
    return None if way is None else SharedShelf(Asking(way, "certificates", PATIENCE), now)
