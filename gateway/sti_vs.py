"""The verification service (STI-VS) of one process, as the configuration describes it: whom it trusts, what it fetches and
keeps, which tokens it has seen. To be made and used inside one event loop.

The state folder is shared by the processes of a node: certificates/ (chains fetched), trust/ (trust list and revocation
lists fetched), run/replay.sqlite (tokens seen). Where nodes share a Redis, chains and tokens lie there too.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from time import time

from gateway import log
from gateway.config import Config
from gateway.shared.shelf import shelf_of
from gateway.shared.tokens import tokens_of
from gateway.trust.cache import Chains
from gateway.trust.fetch import Fetcher
from gateway.trust.keeper import Keeper
from gateway.trust.trust import Trust
from gateway.trust.verifier import Verifier

LOOK_SECONDS = 1.0
LISTS_TIMEOUT = 30.0
"""Seconds for a trust list or a revocation list, for which no call waits and which may have megabytes."""

_log = log.get("verification")


def trust_of(config: Config, now: Callable[[], float]) -> Trust:
    """Whom a node with this configuration trusts, as its files stand at `now`."""
    verification = config.verification
    trust = Trust(
        config.node.state_dir / "trust",
        now,
        verification.trust_anchors,
        verification.trust_list,
        verification.trust_list_signer,
        verification.crls,
    )
    trust.changed()
    return trust


class StiVs:
    """`verifier` judges calls by what `trust` has in force; `hosts` knows which hosts of certificates keep failing."""

    def __init__(self, config: Config) -> None:
        verification, state = config.verification, config.node.state_dir
        self.trust = trust_of(config, time)
        self._rules = config.fetch.rules
        self._fetcher = Fetcher(self._rules)
        self.hosts = self._fetcher.hosts
        self._chains = Chains(
            self._fetcher,
            state / "certificates",
            lambda: self.trust.anchors,
            time,
            on_trusted=self.trust.want,
            common=shelf_of(config.store, time),
        )
        self._budget = verification.budget
        replay = tokens_of(config.store, state)
        self.verifier = Verifier(
            self._chains, self.trust, replay, verification.rules, verification.budget, time
        )
        if not verification.on:
            _log.warning("verification.off", reason="[verification] names no trust_anchors and no trust_list")
        for danger in config.fetch.dangers:
            _log.warning("fetch.unsafe", setting=danger, reason="for labs only")

    async def follow(self) -> None:
        """Have changes of trust take effect within a second, until cancelled."""
        while True:
            await asyncio.to_thread(self.trust.changed)
            await asyncio.sleep(LOOK_SECONDS)

    async def keep(self) -> None:
        """Fetch the trust list and the revocation lists when they are due, for all processes of the node."""
        # These are signed, and distribution points are plain http more often than not (RFC 5280 §4.2.1.13).
        rules = replace(self._rules, timeout=LISTS_TIMEOUT, allow_http=True, ports=(*self._rules.ports, 80))
        fetcher = Fetcher(rules)
        try:
            await Keeper(self.trust, fetcher, time, random.random).run()
        finally:
            await fetcher.close()

    async def fetch(self, url: str) -> None:
        """Have a chain at hand that another process of this node needs again, from disk or its host."""
        await self._chains.get(url, self._budget)

    async def close(self) -> None:
        """Give up what is being fetched."""
        await self._chains.close()
        await self._fetcher.close()
