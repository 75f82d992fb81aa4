"""Files from strangers' hosts: whoever asks gets one answer in bounded time, and no host costs another one's callers.

    each URL     one download at a time, however many ask; a failure is remembered for a while
    each host    a few downloads at a time; one that keeps failing is left alone for a while
    all          so many downloads at once, so many waiting

A download belongs to no asker: it goes on when all of them have given up. Every table is bounded, for strangers fill it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import httpx
from cachetools import TTLCache

from gateway import log
from gateway.stir import x5u
from gateway.stir.reasons import Reason
from gateway.trust.breaker import Breaker
from gateway.trust.download import Downloads, Resolve
from gateway.trust.names import Names
from gateway.trust.places import NoPlace, Places
from gateway.trust.values import Fetched, FetchFailed, FetchRules

__all__ = ["FetchFailed", "FetchRules", "Fetched", "Fetcher"]

NEGATIVE_TTL = 30.0
"""Seconds for which a failure is the answer: a caller who redials does not make us knock again."""

MOST_FAILURES = 4096
"""URLs whose failure is remembered."""

MOST_WAITING = 256
"""Downloads under way or waiting for a place; with 16 places of 2 s each, the last would wait far too long."""

_Failure = tuple[Reason, str]
_Key = tuple[str, int]  # the URL, and how much of it is wanted

_log = log.get("fetch")


class Fetcher:
    """Fetches by the rules. now: seconds of a clock that only goes forward. resolve, transport: instead of the system's.

    To be made and used inside one event loop. `hosts` knows which of them keep failing.
    """

    def __init__(
        self,
        rules: FetchRules,
        *,
        now: Callable[[], float] = time.monotonic,
        resolve: Resolve | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._rules = rules
        self._url_rules = x5u.Rules(rules.ports, rules.allow_http)
        self._downloads = Downloads(rules, resolve or Names().addresses, transport)
        self._places = Places(rules.max_at_once, rules.timeout)
        self.hosts = Breaker(now)
        self._failures: TTLCache[_Key, _Failure] = TTLCache(MOST_FAILURES, NEGATIVE_TTL, timer=now)
        self._flights: dict[_Key, asyncio.Task[Fetched | _Failure]] = {}

    def failure(self, url: str, max_bytes: int | None = None) -> Reason | None:
        """Why `get` would fail without asking anybody: the URL breaks the rules, or it just failed. Costs microseconds."""
        if x5u.problem(url, self._url_rules):
            return Reason.X5U_REFUSED
        failed = self._failures.get(self._key(url, max_bytes))
        return failed[0] if failed else None

    async def get(self, url: str, max_bytes: int | None = None) -> Fetched:
        """The file at `url`, `max_bytes` long at most instead of what the rules say.

        Takes twice the rules' timeout at most, half of it in waiting for a place. Raises FetchFailed: X5U_REFUSED,
        CERTIFICATE_UNREACHABLE, CERTIFICATE_TIMEOUT, CERTIFICATE_TOO_LARGE or FETCH_OVERLOADED.
        """
        outcome = await self._outcome(url, self._key(url, max_bytes))
        if isinstance(outcome, Fetched):
            return outcome
        raise FetchFailed(*outcome)

    async def close(self) -> None:
        """Give up what is under way; those who wait for it are cancelled."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        await self._downloads.close()

    def _key(self, url: str, max_bytes: int | None) -> _Key:
        return url, max_bytes or self._rules.max_bytes

    async def _outcome(self, url: str, key: _Key) -> Fetched | _Failure:
        try:
            place = x5u.read(url, self._url_rules)
        except x5u.X5uRefused as refused:
            return Reason.X5U_REFUSED, refused.problem
        if failed := self._failures.get(key):
            return failed
        flight = self._flights.get(key)
        if flight is None:
            if len(self._flights) >= MOST_WAITING:
                return Reason.FETCH_OVERLOADED, "queue"
            flight = self._flights[key] = asyncio.create_task(self._fly(key, place))
            flight.add_done_callback(lambda _: self._flights.pop(key))
        return await asyncio.shield(flight)

    async def _fly(self, key: _Key, place: x5u.X5u) -> Fetched | _Failure:
        try:
            async with self._places.one(place.authority):
                if not self.hosts.allows(place.authority):
                    return Reason.CERTIFICATE_UNREACHABLE, "host-left-alone"
                return await self._download(key, place)
        except NoPlace:
            return Reason.FETCH_OVERLOADED, "places"

    async def _download(self, key: _Key, place: x5u.X5u) -> Fetched | _Failure:
        url, max_bytes = key
        try:
            fetched = await self._downloads.get(url, place, max_bytes)
        except FetchFailed as failed:
            _log.warning("fetch.failed", url=url, reason=failed.reason.value, detail=failed.detail)
            (self.hosts.failed if failed.host_down else self.hosts.answered)(place.authority)
            self._failures[key] = failed.reason, failed.detail
            return failed.reason, failed.detail
        self.hosts.answered(place.authority)
        self._places.prove(place.authority)
        return fetched
