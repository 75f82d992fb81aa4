"""What a source may send before anything is kept of it: new calls a second, calls in set-up, unreadable messages.

A bound that is reached is told once a minute, not once a message. Pure: time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cachetools import LRUCache

from gateway.policy.peers import Peer

WINDOW = 60.0  # seconds over which unreadable messages are counted and told once
_SOURCES = 4096  # addresses remembered at most


@dataclass(slots=True)
class _Bad:
    since: float
    count: int = 0
    told: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Load:
    """A peer's calls: how many are in set-up, and a token bucket of one second for new ones."""

    setups: int = 0
    tokens: float = 0.0
    at: float = 0.0


class Screen:
    """The bounds of every source. Peers are known by name; unreadable messages by address."""

    def __init__(self) -> None:
        self._loads: dict[str, _Load] = {}
        self._bad: LRUCache[str, _Bad] = LRUCache(_SOURCES)

    def admit(self, peer: Peer, now: float) -> str | None:
        """Count a new call in; the rule that forbids it, or None."""
        load = self._loads.get(peer.name)
        if load is None:
            load = self._loads[peer.name] = _Load(tokens=float(peer.max_cps), at=now)
        if load.setups >= peer.max_setups:
            return "limit.setups"
        if peer.max_cps:
            load.tokens = min(float(peer.max_cps), load.tokens + (now - load.at) * peer.max_cps)
            load.at = now
            if load.tokens < 1:
                return "limit.cps"
            load.tokens -= 1
        load.setups += 1
        return None

    def concluded(self, peer: str) -> None:
        """A call of this peer has left its set-up."""
        self._loads[peer].setups -= 1

    def bad(self, source: str, reason: str, bound: int, now: float) -> tuple[bool, bool]:
        """Count an unreadable message: (may it be answered, shall it be told)."""
        seen = self._bad.get(source)
        if seen is None or now - seen.since > WINDOW:
            seen = self._bad[source] = _Bad(now)
        seen.count += 1
        tell = reason not in seen.told
        seen.told.add(reason)
        return seen.count <= bound, tell
