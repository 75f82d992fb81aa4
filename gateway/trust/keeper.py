"""What the node's trust rests on, kept fresh: one process of a node fetches for all of them.

    the STI-PA's trust list   every hour, sooner if it expires sooner
    revocation lists          every day, sooner if the next one is due sooner; those configured and those that trusted
                              chains name

A file is judged before it replaces the last good one; the processes then find it by themselves (`trust`). What fails
is tried again after a minute, then after twice as long each time, up to an hour. A revocation list that nobody trusted
signed is tried again as soon as another CA is known (`crls`), for the CA that issued a certificate signs it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway import log
from gateway.stir.revocation import CrlRefused
from gateway.store import files
from gateway.trust import crls, trust_list
from gateway.trust.trust import Trust
from gateway.trust.trust_list import ListRefused, TrustList
from gateway.trust.values import Fetched, FetchFailed

HOUR, DAY = 3600.0, 86_400.0

SOONEST = 60.0
"""Seconds between two fetches of one file at the least; also the first wait after a failure."""

LOOK_EVERY = 1.0
"""Seconds between two looks for what is due."""

_SPREAD = 0.1  # of a wait: nodes started together do not go on fetching together

_log = log.get("trust")


class Fetching(Protocol):
    """Brings files from elsewhere: `gateway.trust.fetch.Fetcher`."""

    async def get(self, url: str, max_bytes: int | None = None) -> Fetched:
        """The file at `url`; raises FetchFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """When a file is to be fetched next, in epoch seconds, and how often in a row it failed.

    strangers: the CAs known when none of them had signed it, None where that was not its failure.
    """

    at: float = 0.0
    failures: int = 0
    strangers: tuple[Path, ...] | None = None

    def is_due(self, now: float, authorities: tuple[Path, ...]) -> bool:
        """Whether it is to be fetched now that these CAs are known."""
        return self.at <= now or self.strangers not in (None, authorities)


class Keeper:
    """Fetches what `trust` names, which somebody else keeps following its files.

    now: epoch seconds. jitter: a number from 0 to 1, another at each call.
    """

    def __init__(
        self, trust: Trust, fetcher: Fetching, now: Callable[[], float], jitter: Callable[[], float]
    ) -> None:
        self._trust, self._fetcher, self._now, self._jitter = trust, fetcher, now, jitter
        self._plans: dict[str, Plan] = {}

    async def run(self) -> None:
        """Fetch whatever falls due, until cancelled."""
        while True:
            await self.fetch_due()
            await asyncio.sleep(LOOK_EVERY)

    def due(self, now: float) -> tuple[str, ...]:
        """The URLs that are to be fetched now: at once where they never were."""
        urls = dict.fromkeys((self._trust.list_url, *self._trust.crl_urls))
        known = self._trust.crl_folder.authority_files()
        return tuple(url for url in urls if url and self._plans.get(url, Plan()).is_due(now, known))

    async def fetch_due(self) -> None:
        """Fetch once what is due, side by side; a failure is logged and planned for, never raised."""
        await asyncio.gather(*(self._fetch(url) for url in self.due(self._now())))

    async def _fetch(self, url: str) -> None:
        failures, strangers = self._plans.get(url, Plan()).failures, None
        known = self._trust.crl_folder.authority_files()
        try:
            take = self._take_list if url == self._trust.list_url else self._take_crl
            wait, failures = await take(url), 0
        except (FetchFailed, ListRefused, CrlRefused, OSError) as error:
            failures += 1
            wait = min(SOONEST * 2 ** (failures - 1), HOUR)
            if isinstance(error, CrlRefused) and error.reason == "untrusted":
                strangers = known
            _log.warning("trust.not-refreshed", url=url, error=str(error), failures=failures)
        at = self._now() + wait * (1 - _SPREAD * self._jitter())
        self._plans[url] = Plan(at, failures, strangers)

    async def _take_list(self, url: str) -> float:
        """Fetch the trust list and put it in place; seconds until it is to be fetched again."""
        content = (await self._fetcher.get(url, trust_list.LARGEST)).body
        content, found = await self._judged_list(content)
        path = self._trust.list_file
        if found != self._trust.trust_list or not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            files.replace(path, content)
            _log.info("trust.list-fetched", url=url, sequence=found.sequence, expires=found.expires)
        return _wait(found.seconds_left(self._now()), HOUR)

    async def _judged_list(self, content: bytes) -> tuple[bytes, TrustList]:
        """The list with its signer's certificates, which are fetched too where it only says where they are."""
        where = trust_list.signer_url(content)
        try:
            return content, self._trust.judge_list(content)
        except ListRefused as refused:
            if where is None or refused.reason != "signature-invalid":
                raise
        whole = trust_list.with_signer(content, (await self._fetcher.get(where)).body)
        return whole, self._trust.judge_list(whole)

    async def _take_crl(self, url: str) -> float:
        """Fetch a revocation list and put it in place; seconds until it is to be fetched again."""
        content = (await self._fetcher.get(url, crls.LARGEST)).body
        lists = await asyncio.to_thread(self._trust.judge_crl, url, content)
        left = min(each.next_update for each in lists) - self._now()
        if left < 0:
            raise CrlRefused("expired")
        await asyncio.to_thread(self._trust.crl_folder.keep, url, content)
        _log.info("trust.crl-fetched", url=url, next_update_in=left)
        return _wait(left, DAY)


def _wait(left: float, longest: float) -> float:
    """Seconds until a file with `left` seconds to live is fetched again: at half of them, so that there is time to fail."""
    return max(SOONEST, min(left / 2, longest))
