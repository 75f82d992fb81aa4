"""The dynamic black list: numbers, addresses and accounts that are kept out for a while.

A block that has run out is gone by itself: nobody has to take it away. What is kept is bounded, so that whoever
provokes blocks can fill no memory; what an operator wrote by hand stays when the table is full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

BlockType = Literal["malicious-call", "no-answer", "access", "account"]
BY_HAND = "by-hand"

_MOST = 65_536  # automatic blocks kept of one type; one more and the oldest goes


@dataclass(frozen=True, slots=True)
class Block:
    """One entry of the dynamic black list.

    `subject` is a canonical number (malicious-call, no-answer), an address (access) or an account id (account).
    `since` and `until` are epoch seconds; without `until` it lasts until it is released. `why` is one of attempts,
    concurrent, premium-share, no-answer-streak, failed-access, invalid-calls, by-hand.
    """

    type: BlockType
    subject: str
    since: float
    until: float | None
    why: str

    def holds(self, now: float) -> bool:
        """Whether it is in force: it counts as soon as it is known, and no longer at `until`."""
        return self.until is None or now < self.until


class Blocks:
    """The blocks, one a type and subject; `most` automatic ones of each type."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._held: dict[BlockType, dict[str, Block]] = {type: {} for type in get_args(BlockType)}
        self._made: dict[BlockType, dict[str, None]] = {type: {} for type in get_args(BlockType)}

    def find(self, type: BlockType, subject: str, now: float) -> Block | None:
        """The block in force, or None; changes nothing."""
        block = self._held[type].get(subject)
        if block is None:  # as it nearly always is
            return None
        return block if block.holds(now) else None

    def put(self, block: Block) -> None:
        """Add a block, in place of an earlier one of its type and subject."""
        self.remove(block.type, block.subject)
        self._held[block.type][block.subject] = block
        if block.why != BY_HAND:
            made = self._made[block.type]
            if len(made) >= self._most:
                self.remove(block.type, next(iter(made)))
            made[block.subject] = None

    def remove(self, type: BlockType, subject: str) -> None:
        """Take a block away, if there is one."""
        self._held[type].pop(subject, None)
        self._made[type].pop(subject, None)

    def in_force(self, now: float) -> list[Block]:
        """Those in force; the others are given up, for all are looked at here anyway."""
        found: list[Block] = []
        for type, table in self._held.items():
            held = self._held[type] = {subject: block for subject, block in table.items() if block.holds(now)}
            self._made[type] = {subject: None for subject in self._made[type] if subject in held}
            found += held.values()
        return found
