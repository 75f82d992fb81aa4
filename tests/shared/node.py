"""A node as far as what it shares goes: counters, and their wire to the others, in the event loop of the test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from gateway.config import Config
from gateway.ledger import Ledger
from gateway.policy.blocks import Block
from gateway.policy.holds import Hold
from gateway.policy.limits import Limits
from gateway.policy.snapshot import PolicyData, Snapshot, compile_snapshot
from gateway.shared.sharing import wire_of
from gateway.shared.wire import Wire
from gateway.trust.breaker import Breaker

OWNER = "account/acme"
PATIENCE = 10.0


async def until(true: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Return as soon as something is so; the event loop goes on meanwhile."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.002)


def settings(name: str, url: str, **store: Any) -> Config:
    """The configuration of a node that shares its counters."""
    return Config.model_validate(
        {
            "node": {"name": name, "state_dir": "/nonexistent"},
            "sip": {"listen": ["udp:127.0.0.2:5060"]},
            "store": {"redis_url": url, **store},
        },
        context={"folder": Path("/")},
    )


class Node:
    """`told` are the blocks that it found itself."""

    def __init__(self, config: Config, policy: Snapshot | None = None, limits: Limits | None = None) -> None:
        snapshot = policy or compile_snapshot(PolicyData())
        self.told: list[Block] = []
        self.ledger = Ledger(lambda: snapshot, time.time, self.told.append)
        self.usage = self.ledger.usage
        self.hosts = Breaker(time.monotonic)
        self.limits = limits or Limits(concurrent=2)
        wire = wire_of(config, self.ledger, self.hosts, time.time)
        assert wire is not None
        self.wire: Wire = wire

    def over(self, owner: str = OWNER) -> str | None:
        return self.usage.over(owner, self.limits, time.time())

    def begin(self, hold: Hold) -> bool:
        """A call, if there is room for it."""
        if any(self.over(owner) for owner in hold.owners):
            return False
        self.ledger.began(hold)
        return True

    def end(self, hold: Hold, code: int = 486, answered_at: float | None = None) -> None:
        self.ledger.ended(hold, {"code": code, "progress": 180}, answered_at)

    async def knows(self, *others: str) -> None:
        """Once it is connected and hears these."""
        await until(lambda: self.wire.status.up and self.wire.status.nodes == others, f"{others} to be heard")


@asynccontextmanager
async def connected(*nodes: Node) -> AsyncIterator[None]:
    """Their wires run."""
    tasks = [asyncio.create_task(node.wire.run()) for node in nodes]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def longest_wait(loop: asyncio.AbstractEventLoop) -> Iterator[list[float]]:
    """How long the event loop was late at most, in seconds."""
    longest, running = [0.0], True

    def tick(due: float) -> None:
        longest[0] = max(longest[0], loop.time() - due)
        if running:
            loop.call_later(0.001, tick, loop.time() + 0.001)

    tick(loop.time())
    try:
        yield longest
    finally:
        running = False
