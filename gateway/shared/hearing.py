"""What the other nodes said, and what of it still holds. This file does no I/O; `at` is in seconds of a clock that only goes
forward.

Messages may be lost, doubled or out of order. Of each figure the one with the highest number counts; whoever misses a number
reads the node's hash, which is as new as its last message. A node that says nothing for a while is gone, and its calls
with it: that is also what becomes of all the others while Redis is away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from gateway.policy.blocks import Block
from gateway.policy.elsewhere import Figures
from gateway.policy.incidents import Incident
from gateway.shared.messages import MOST_OWNERS, Account, Message, Told

SILENT = 3.0
"""Seconds after which a node is taken to be gone; it speaks every second."""

NAMESAKE = 10.0
"""Seconds for which it is told that another node has our name."""

MOST_NODES = 64

NOTHING = Told(0, 0, 0)


class Counting(Protocol):
    """Who counts with the others' figures: `gateway.ledger.Ledger`, or at door 3 `gateway.kamailio.books.Books`."""

    def heard(self, node: str, owner: str, used: Figures, begun: int) -> None:
        """What another node uses of an owner."""

    def forgotten(self, node: str) -> None:
        """Another node is gone."""

    def happened(self, incident: Incident) -> None:
        """Something that the dynamic black list counts."""

    def blocked(self, blocks: Iterable[Block]) -> None:
        """What another node has put on the dynamic black list."""


@dataclass(slots=True)
class _Node:
    """Another node: up to which message it was heard, and from which one each of its figures is."""

    instance: str
    heard_at: float
    number: int = 0
    unread: bool = False
    numbers: dict[str, int] = field(default_factory=dict)


class Hearing:
    """The other nodes, as the node of this name hears them. `host` is told which hosts of certificates answered or failed."""

    def __init__(
        self, name: str, instance: str, counting: Counting, host: Callable[[str, bool], None]
    ) -> None:
        self._name, self._instance, self._counting, self._host = name, instance, counting, host
        self._nodes: dict[str, _Node] = {}
        self._namesake_at = float("-inf")

    @property
    def nodes(self) -> tuple[str, ...]:
        """Those that were heard lately."""
        return tuple(sorted(self._nodes))

    def has_namesake(self, at: float) -> bool:
        """Whether another node uses our name, so that each takes the other's figures for its own."""
        return at - self._namesake_at < NAMESAKE

    def is_echo(self, message: Message, at: float) -> bool:
        """Whether it is our own word, or that of one with our name."""
        if message.node != self._name:
            return False
        if message.instance != self._instance:
            self._namesake_at = at
        return True

    def hear(self, message: Message, at: float) -> bool:
        """Take another node's message in; whether that node's hash is to be read. ValueError for one node too many."""
        node = self._nodes.get(message.node)
        if node is None or node.instance != message.instance:
            node = self._met(message, at)
        is_new = message.number > node.number
        node.unread = node.unread or message.number > node.number + 1
        node.number, node.heard_at = max(node.number, message.number), at
        for owner, told in message.figures.items():
            self._figure(message.node, node, owner, told, message.number, message.day, is_new)
        if is_new:
            self._counting.blocked(message.blocks)  # the blocked are not counted: so first who is blocked
            for incident in message.incidents:
                self._counting.happened(incident)
            for authority, answered in message.hosts:
                self._host(authority, answered)
        return node.unread

    def read(self, name: str, account: Account) -> None:
        """Take a node's hash in: of what it does not hold, the node uses nothing."""
        node = self._nodes.get(name)
        if node is None or node.instance != account.head.instance:
            return  # the hash of one that has begun anew is read with its next message
        number, day = account.head.number, account.head.day
        for owner in node.numbers.keys() | account.figures.keys():
            told = account.figures.get(owner, NOTHING)
            self._figure(name, node, owner, told, number, day, False)
        node.unread = False

    def settled(self, name: str, owner: str, amount: int, day: date) -> None:
        """What a node had settled in a day, of whom nothing else is known."""
        node = self._nodes.get(name)
        if node is None or owner not in node.numbers:
            self._counting.heard(name, owner, Figures(0, 0, amount, day), 0)

    def watch(self, at: float) -> None:
        """Forget those that have said nothing for too long."""
        for name, node in list(self._nodes.items()):
            if at - node.heard_at > SILENT:
                del self._nodes[name]
                self._counting.forgotten(name)

    def _met(self, message: Message, at: float) -> _Node:
        if message.node in self._nodes:
            self._counting.forgotten(message.node)  # it has begun anew
        elif len(self._nodes) >= MOST_NODES:
            raise ValueError("too many nodes")
        node = self._nodes[message.node] = _Node(message.instance, at)
        if message.number > 1:
            node.number, node.unread = message.number - 1, True
        return node

    def _figure(
        self, name: str, node: _Node, owner: str, told: Told, number: int, day: date, is_new: bool
    ) -> None:
        known = node.numbers.get(owner)
        if known is None and len(node.numbers) >= MOST_OWNERS:
            return
        if known is None or known < number:
            node.numbers[owner] = number
            self._counting.heard(name, owner, told.figures(day), told.begun if is_new else 0)
