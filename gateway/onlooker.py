"""What is in force on this node and what its edge counted last, for whoever places no calls: `gateway explain` and the HTTP
door. It reads the files that the recorder and the edge leave, so it works while either is away."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import time
from typing import Any

from gateway.config import Config
from gateway.policy.blocks import Block, BlockType
from gateway.policy.limits import Limits
from gateway.policy.snapshot import Snapshot
from gateway.policy.usage import Over
from gateway.store import kept
from gateway.store.blocks_file import BlocksFile
from gateway.store.origins import Origins
from gateway.store.watcher import Watcher

LOOK_SECONDS = 0.5


class Figures:
    """The counters of an edge as it left them a few seconds ago; how many calls there were this second is not among them.

    state: as `gateway.policy.usage.Usage.snapshot` has it, None if no edge has left any.
    """

    def __init__(self, state: Mapping[str, Any] | None, blocks: Iterable[Block]) -> None:
        owners = (state or {}).get("owners")
        self._owners = owners if isinstance(owners, Mapping) else {}
        self._blocks = {(block.type, block.subject): block for block in blocks}

    def blocked(self, type: BlockType, subject: str, now: float) -> Block | None:
        """The block in force, or None."""
        block = self._blocks.get((type, subject))
        return block if block and block.holds(now) else None

    def over(self, owner: str, limits: Limits, now: float) -> Over | None:
        """The bound that one more call of this owner would break, or None."""
        if limits.concurrent is not None and self.concurrent(owner) >= limits.concurrent:
            return "concurrent"
        if limits.cps == 0:
            return "cps"
        if limits.spend_per_day is not None and self.spent(owner, now) >= limits.spend_per_day:
            return "spend"
        return None

    def concurrent(self, owner: str) -> int:
        """Calls of this owner."""
        return self._figure(owner, "concurrent")

    def spent(self, owner: str, now: float) -> int:
        """Micro-units of money this owner's calls cost today."""
        return self._figure(owner, "spent")

    def _figure(self, owner: str, name: str) -> int:
        figures = self._owners.get(owner)
        value = figures.get(name) if isinstance(figures, Mapping) else None
        return value if isinstance(value, int) else 0


class Onlooker:
    """Looks at one node. `look` reads what has changed, and may take seconds; the questions are answered from memory."""

    def __init__(self, config: Config) -> None:
        self._state_dir = config.node.state_dir
        self._watcher = Watcher(self._state_dir, config.signing.rules, config.verification.inbound)
        self._origins = Origins(config.geofence.countries)
        self._blocks: dict[tuple[BlockType, str], Block] = {}
        self._figures = Figures(None, ())
        self._counted_at: int | None = None

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Take in what the recorder, the edge and the operator have left since the last look."""
        self._watcher.changed()
        self._origins.reload_if_changed()
        news = self._watcher.blocks_changed()
        if news:
            self._learn(news)
        counted_at = _changed_at(kept.usage_path(self._state_dir))
        if news or counted_at != self._counted_at:
            self._counted_at = counted_at
            counted = kept.read(kept.usage_path(self._state_dir))
            self._figures = Figures(counted, self._blocks.values())

    def _learn(self, news: BlocksFile) -> None:
        now = time()
        released = {(each.type, each.subject): each.at for each in news.released}
        self._blocks = {
            key: block
            for key, block in self._blocks.items()
            if block.holds(now) and block.since > released.get(key, -math.inf)
        }
        self._blocks |= {(block.type, block.subject): block for block in news.blocks}

    @property
    def problem(self) -> str | None:
        """Why the policy is not as new as it could be, or None."""
        return self._watcher.problem

    def snapshot(self) -> Snapshot:
        """The policy in force."""
        return self._watcher.current

    def country(self, address: str) -> str | None:
        """Where an address is at home (ISO 3166), None where nobody knows."""
        return self._origins.country(address)

    def usage(self) -> Figures:
        """What the edge counted, a few seconds ago, and the dynamic black list."""
        return self._figures


def _changed_at(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
