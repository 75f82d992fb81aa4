"""What this node has to tell the others. It gathers until somebody takes it: figures as they are then, incidents one by one.

This file does no I/O.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from itertools import islice
from typing import TypeVar

from gateway.policy.blocks import Block
from gateway.policy.elsewhere import Figures
from gateway.policy.incidents import Incident
from gateway.shared.messages import MOST_INCIDENTS, Message, Told

MOST_WAITING = 20_000
"""Incidents and the like that may wait; more are not told. That is some seconds of a flood."""

MOST_FIGURES = 2000
"""Owners in one message: what is more comes in the next."""

_Each = TypeVar("_Each")


class Telling:
    """`own` answers what this node uses of an owner, `wake` is called when there is something to take, and told whether that
    is urgent."""

    def __init__(self, name: str, instance: str, own: Callable[[str], Figures]) -> None:
        self._name, self._instance, self._own = name, instance, own
        self._number = 0
        self._owners: dict[str, None] = {}
        self._told: dict[str, Figures] = {}
        self._begun = Counter[str]()
        self._incidents: list[Incident] = []
        self._blocks: list[Block] = []
        self._hosts: list[tuple[str, bool]] = []
        self.wake: Callable[[bool], None] = lambda _: None

    def changed(self, owner: str, urgent: bool) -> None:
        """The figures of an owner are others now."""
        self._owners[owner] = None
        self.wake(urgent)

    def begun(self, owner: str) -> None:
        """A call of an owner was let in."""
        self._begun[owner] += 1

    def happened(self, incident: Incident) -> None:
        """Something that the dynamic black list counts."""
        if len(self._incidents) < MOST_WAITING:
            self._incidents.append(incident)
            self.wake(False)

    def blocked(self, block: Block) -> None:
        """This node has put a subject on the dynamic black list."""
        if len(self._blocks) < MOST_WAITING:
            self._blocks.append(block)
            self.wake(True)

    def host(self, authority: str, answered: bool) -> None:
        """A host of certificates has answered, or failed."""
        if len(self._hosts) < MOST_WAITING:
            self._hosts.append((authority, answered))
            self.wake(False)

    def again(self, owners: Iterable[str]) -> None:
        """Everything to those who know nothing: all figures anew, and nothing of what has happened meanwhile."""
        self._told.clear()
        self._begun.clear()
        for waiting in (self._incidents, self._blocks, self._hosts):
            waiting.clear()
        self._owners = dict.fromkeys(owners)

    def grown(self, owners: Iterable[str]) -> None:
        """The figures of these may have changed by themselves: what calls cost grows while they last."""
        for owner in owners:
            self._owners[owner] = None

    @property
    def something(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._owners or self._incidents or self._blocks or self._hosts)

    def take(self, day: date) -> Message:
        """The next message, on the day whose money is counted; it may say no more than that we are there."""
        figures: dict[str, Told] = {}
        for owner in list(islice(self._owners, MOST_FIGURES)):
            del self._owners[owner]
            used, begun = self._own(owner), self._begun.pop(owner, 0)
            if begun or used != self._told.get(owner):
                self._told[owner] = used
                figures[owner] = Told(used.concurrent, used.running, used.settled, begun)
        self._number += 1
        return Message(
            self._name,
            self._instance,
            self._number,
            day,
            figures,
            _taken(self._incidents),
            _taken(self._blocks),
            _taken(self._hosts),
        )


def _taken(waiting: list[_Each]) -> tuple[_Each, ...]:
    """As many as a message holds, from the front."""
    taken = tuple(waiting[:MOST_INCIDENTS])
    del waiting[:MOST_INCIDENTS]
    return taken
