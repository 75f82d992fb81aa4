"""A token is for one call, at whichever node: who used it lies in Redis, behind the memory of each process and before the
node's own table, which counts while Redis cannot be asked."""

from __future__ import annotations

from pathlib import Path

from gateway.config import Store
from gateway.shared.asking import Asking
from gateway.shared.messages import PREFIX
from gateway.shared.opening import Unreachable, Way
from gateway.trust.replay import PATIENCE, Memory, Table, call_digest, token_number

LIVES_AT_LEAST = 1
"""Milliseconds: what is over already is claimed all the same."""


class Tokens:
    """As `gateway.trust.replay.Replay`; a call waits `PATIENCE` at most, and once in a while for a connection."""

    def __init__(self, asking: Asking, table: Table) -> None:
        self._asking, self._table = asking, table
        self._memory = Memory()

    def seen(self, signature: str, call_id: str, now: float, until: float, target: str = "") -> bool:
        """As `Replay.seen`."""
        token, call = token_number(signature, target), call_digest(call_id)
        owner = self._memory.owner(token, now)
        if owner is None:
            try:
                owner = self._claim(token, call, until - now)
            except Unreachable:
                return self._table.seen(signature, call_id, now, until, target)
            self._memory.remember(token, owner, until)
        return owner != call

    def _claim(self, token: int, call: bytes, seconds: float) -> bytes:
        """Whose the token is: of two that ask at once, it is the first one's. For so long, by Redis' own clock."""
        lives = max(LIVES_AT_LEAST, int(seconds * 1000))
        key = f"{PREFIX}token:{token:x}"
        owner = self._asking.ask(lambda redis: redis.set(key, call, nx=True, get=True, px=lives))
        return owner if isinstance(owner, bytes) else call  # nobody's until now


def tokens_of(store: Store, state_dir: Path) -> Tokens | Table:
    """What knows which tokens were seen; without a Redis it is the node's table alone."""
    table, way = Table(state_dir / "run" / "replay.sqlite"), Way.of(store)
    return table if way is None else Tokens(Asking(way, "replay", PATIENCE), table)
