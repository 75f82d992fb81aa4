"""The line from Kamailio's SIP processes to its clerk: messages of plain values, made before Kamailio forks.

Who speaks never waits. What finds no room is kept and sent before the next word; only what exceeds that is lost, and counted.
"""

from __future__ import annotations

import marshal
import socket
from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple

from gateway.engine import Parties
from gateway.policy.holds import Hold
from gateway.policy.rates import Rate

ROOM = 4 * 1024 * 1024
"""Bytes asked of the system for what the clerk has not read yet; it may give less."""
MOST_KEPT = 10_000
LONGEST = 262_144
AT_ONCE = 64
"""Words the clerk takes before it looks at anything else."""


class Told(NamedTuple):
    """A call was decided. peers: whose each of its hops is; none where the call does not go on."""

    token: str
    record: dict[str, Any]
    parties: Parties | None
    refused_by: str | None
    hold: Hold | None
    peers: tuple[str, ...]


class Suspended(NamedTuple):
    """An INVITE that waits in a suspended transaction: for its certificates, and for somebody to go on with it."""

    transaction: tuple[int, int]
    token: str
    data: bytes
    source: str
    at: float


class Due(NamedTuple):
    """A certificate chain that is to be fetched again."""

    url: str


Word = Told | Suspended | Due


def _written(word: Word) -> bytes:
    """As plain tuples, which cost a tenth of what objects would."""
    if isinstance(word, Told):
        parties = word.parties and tuple(word.parties)
        return marshal.dumps((0, *word._replace(parties=parties, hold=word.hold and _plain(word.hold))))  # type: ignore[arg-type]
    return marshal.dumps((1 if isinstance(word, Suspended) else 2, *word))


def _plain(hold: Hold) -> tuple[Any, ...]:
    charges = [
        (owner, rate.table, rate.prefix, rate.per_minute, rate.increment) for owner, rate in hold.charges
    ]
    return hold.owners, hold.caller, hold.callee, charges, hold.account


def _read(data: bytes) -> Word:
    kind, *fields = marshal.loads(data)  # noqa: S302 - our own processes
    if kind == 1:
        return Suspended(*fields)
    if kind == 2:
        return Due(*fields)
    token, record, parties, refused_by, hold, peers = fields
    return Told(token, record, parties and Parties(*parties), refused_by, hold and _hold(*hold), tuple(peers))


def _hold(
    owners: tuple[str, ...],
    caller: str | None,
    callee: str,
    charges: list[tuple[Any, ...]],
    account: str | None,
) -> Hold:
    paid = tuple([(owner, Rate(*rate)) for owner, *rate in charges])
    return Hold(owners, caller, callee, paid, account)


class Line:
    """Both ends; each process uses one."""

    def __init__(self) -> None:
        self._speaking, self._hearing = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._speaking, self._hearing):
            end.setblocking(False)
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
        self._kept: deque[bytes] = deque()
        self.lost = 0

    def say(self, word: Word) -> bool:
        """Tell the clerk; False where it cannot hear it now and may hear it later."""
        self._kept.append(_written(word))
        try:
            while self._kept:
                self._speaking.send(self._kept[0])
                self._kept.popleft()
        except OSError:  # its buffer is full
            if len(self._kept) > MOST_KEPT:
                self._kept.popleft()
                self.lost += 1
            return False
        return True

    def fileno(self) -> int:
        """What the clerk waits for."""
        return self._hearing.fileno()

    def heard(self) -> list[Word]:
        """What was said since, not more than `AT_ONCE`."""
        words: list[Word] = []
        with suppress(BlockingIOError):
            while len(words) < AT_ONCE:
                words.append(_read(self._hearing.recv(LONGEST)))
        return words
