"""What an owner uses at the other nodes that share its bounds: each node counts its own calls and tells what they come to.

Figures are whole: the next ones take the place of the last, so what gets lost on the way is made good by what follows.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class Figures(NamedTuple):
    """What one node uses of one owner.

    `running` is what the calls that are up have cost so far and those that ring will cost at least, `settled` what those
    that ended in `day` cost, both in micro-units of money.
    """

    concurrent: int
    running: int
    settled: int
    day: date


class Elsewhere:
    """The figures of one owner at every other node; `concurrent` is their sum."""

    __slots__ = ("_nodes", "concurrent")

    def __init__(self) -> None:
        self.concurrent = 0
        self._nodes: dict[str, Figures] = {}

    def hear(self, node: str, figures: Figures) -> None:
        """What a node uses from now on."""
        self._nodes[node] = figures
        self.concurrent = sum(each.concurrent for each in self._nodes.values())

    def forget(self, node: str) -> bool:
        """A node is gone, and its calls with it; what was spent there today stays spent. Whether that changes anything."""
        known = self._nodes.get(node)
        if known is None or not (known.concurrent or known.running):
            return False
        self.hear(node, known._replace(concurrent=0, running=0))
        return True

    def committed(self, day: date) -> int:
        """Micro-units of money: what has been spent in this day, and what is running up."""
        nodes = self._nodes.values()
        return sum(each.running + (each.settled if each.day == day else 0) for each in nodes)
