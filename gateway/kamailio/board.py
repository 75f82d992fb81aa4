"""The board: what the clerk has counted, in memory that every process of one Kamailio sees.

The clerk alone writes, so nobody waits for a lock; the others read, some tenths of a millisecond after the event. Made
before Kamailio forks. Each entry has one place in a table of fixed size, found by a hash of its name (64 bits: of a
hundred thousand names two are mistaken for each other once in a billion nodes).

`Readings` answers the engine's questions from it. While the clerk is silent its figures are of the past, and a bound that was
reached would stay reached: then only the last known blocks count, and calls a second of this one process.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from math import inf

from gateway.policy.blocks import Block, BlockType
from gateway.policy.cps import Bucket
from gateway.policy.limits import Limits
from gateway.policy.usage import Over

OWNERS = 65_536
"""Places for peers and accounts that have bounds."""
BLOCKS = 524_288
"""Places for the dynamic black list, which holds half of that at most."""
SILENT = 3.0
"""Seconds after which the clerk is taken to be away; it signs the board every second."""

_HEAD = struct.Struct("=dQ")  # the clerk's last sign of life, places of the black list in use
_OWNER = struct.Struct("=Qqqdd")  # name, calls, money spent and reserved, tokens of the second and as of when
_BLOCK = struct.Struct("=Qd")  # name, until
_KEY = struct.Struct("=Q")
_TAKEN_AWAY = -1.0


@lru_cache(65_536)
def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(errors="replace"), digest_size=8).digest(), "little") or 1


class Board:
    """The memory itself. Reading a place that nobody has written finds nothing."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}  # where owners were found: their places never change
        self._owners_at = _HEAD.size
        self._blocks_at = self._owners_at + OWNERS * _OWNER.size
        self._memory = mmap.mmap(-1, self._blocks_at + BLOCKS * _BLOCK.size)

    # The clerk's side

    def sign(self, now: float) -> None:
        """The clerk is there."""
        struct.pack_into("=d", self._memory, 0, now)

    def put_owner(self, owner: str, concurrent: int, spent: int, bucket: Bucket | None) -> None:
        """What an owner uses; one that finds no place any more has no bound that holds."""
        place = self._known.get(owner)
        if place is None:
            place = self._place_of_owner(_key(owner))
        if place is not None:
            self._known[owner] = place
            tokens, at = (bucket.tokens, bucket.at) if bucket else (inf, 0.0)
            _OWNER.pack_into(self._memory, place, _key(owner), concurrent, spent, tokens, at)

    def _place_of_owner(self, key: int) -> int | None:
        """Where this owner is, else a free place."""
        for place in self._places(self._owners_at, OWNERS, _OWNER.size, key):
            if _KEY.unpack_from(self._memory, place)[0] in (key, 0):
                return place
        return None

    def put_block(self, block: Block, now: float) -> None:
        """Keep a subject out."""
        key = _block_key(block.type, block.subject)
        place = self._find(self._blocks_at, BLOCKS, _BLOCK.size, key)
        if place is None:
            place = self._place_of_the_past(key, now)
        if place is not None:
            _BLOCK.pack_into(self._memory, place, key, inf if block.until is None else block.until)

    def _place_of_the_past(self, key: int, now: float) -> int | None:
        """A place for a new block: of one that is over, else a free one."""
        for place in self._places(self._blocks_at, BLOCKS, _BLOCK.size, key):
            found, until = _BLOCK.unpack_from(self._memory, place)
            if not found:
                struct.pack_into("=Q", self._memory, 8, self.blocks + 1)
                return place
            if until <= now:
                return place
        return None

    def remove_block(self, type: BlockType, subject: str) -> None:
        """Let a subject in again."""
        key = _block_key(type, subject)
        place = self._find(self._blocks_at, BLOCKS, _BLOCK.size, key)
        if place is not None:
            _BLOCK.pack_into(self._memory, place, key, _TAKEN_AWAY)

    # Everybody's side

    def is_signed(self, now: float) -> bool:
        """Whether the clerk was there just now."""
        signed: float = _HEAD.unpack_from(self._memory)[0]
        return now - signed < SILENT

    @property
    def blocks(self) -> int:
        """Places of the black list that were ever used."""
        used: int = _HEAD.unpack_from(self._memory)[1]
        return used

    def owner(self, owner: str) -> tuple[int, int, float, float] | None:
        """Concurrent calls, money, tokens and as of when; None of an owner without any."""
        place = self._known.get(owner)
        if place is None:
            place = self._find(self._owners_at, OWNERS, _OWNER.size, _key(owner))
            if place is None:
                return None
            self._known[owner] = place
        _, concurrent, spent, tokens, at = _OWNER.unpack_from(self._memory, place)
        return concurrent, spent, tokens, at

    def blocked_until(self, type: BlockType, subject: str) -> float | None:
        """Until when a subject is kept out (epoch seconds), or None."""
        if not self.blocks:
            return None
        place = self._find(self._blocks_at, BLOCKS, _BLOCK.size, _block_key(type, subject))
        return None if place is None else _BLOCK.unpack_from(self._memory, place)[1]

    # Places

    def _find(self, start: int, places: int, size: int, key: int) -> int | None:
        """Where a key is."""
        for place in self._places(start, places, size, key):
            found = _KEY.unpack_from(self._memory, place)[0]
            if found == key:
                return place
            if not found:
                return None
        return None

    @staticmethod
    def _places(start: int, places: int, size: int, key: int) -> Iterator[int]:
        """Where a key may be, one after the other."""
        first = key % places
        return (start + (first + step) % places * size for step in range(_LONGEST_PROBE))


_LONGEST_PROBE = 64


def _block_key(type: BlockType, subject: str) -> int:
    return _key(f"{type} {subject}")


class Readings:
    """The engine's `Reading` in one process of Kamailio."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._own: dict[str, Bucket] = {}

    def blocked(self, type: BlockType, subject: str, now: float) -> Block | None:
        """The block in force, or None; since when and why is known to the clerk alone."""
        until = self._board.blocked_until(type, subject)
        if until is None or until <= now:
            return None
        return Block(type, subject, 0.0, None if until == inf else until, "")

    def over(self, owner: str, limits: Limits, now: float) -> Over | None:
        """The bound that one more call of this owner would break, or None."""
        if limits.concurrent is None and limits.cps is None and limits.spend_per_day is None:
            return None
        if not self._board.is_signed(now):
            return self._over_by_ourselves(owner, limits, now)
        concurrent, spent, tokens, at = self._board.owner(owner) or (0, 0, inf, now)
        if limits.concurrent is not None and concurrent >= limits.concurrent:
            return "concurrent"
        if limits.cps is not None and Bucket(min(tokens, float(limits.cps)), at).is_empty(limits.cps, now):
            return "cps"
        if limits.spend_per_day is not None and spent >= limits.spend_per_day:
            return "spend"
        return None

    def _over_by_ourselves(self, owner: str, limits: Limits, now: float) -> Over | None:
        if limits.cps is None:
            return None
        bucket = self._own.get(owner)
        if bucket is None:
            bucket = self._own[owner] = Bucket(float(limits.cps), now)
        if bucket.is_empty(limits.cps, now):
            return "cps"
        bucket.take()
        return None

    def concurrent(self, owner: str) -> int:
        """Calls of this owner."""
        found = self._board.owner(owner)
        return found[0] if found else 0

    def spent(self, owner: str, now: float) -> int:
        """Micro-units of money this owner's calls cost today."""
        found = self._board.owner(owner)
        return found[1] if found else 0
