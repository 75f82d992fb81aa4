"""What other nodes ought to know of the calls of this one: the port through which the counters tell it."""

from __future__ import annotations

from typing import Protocol

from gateway.policy.blocks import Block
from gateway.policy.incidents import Incident


class News(Protocol):
    """Who hears what other nodes ought to know."""

    def changed(self, owner: str, urgent: bool) -> None:
        """The figures of an owner of whom somebody has asked are others now; urgent: it is near a bound."""

    def begun(self, owner: str) -> None:
        """A call of such an owner was let in."""

    def happened(self, incident: Incident) -> None:
        """Something that the dynamic black list counts."""

    def blocked(self, block: Block) -> None:
        """What that brought about here."""
