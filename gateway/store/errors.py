"""What can go wrong with the store, each with a text that an operator can act on.

A policy that is not good is a `PolicyError`; one of entries as they were written is a `Refused`, which also knows where.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from gateway.policy.snapshot import PolicyError
from gateway.rim import Complaint

Place = tuple[str, int]
"""A resource and the index of one of its entries in what was given."""


class StoreGone(Exception):
    """The database cannot be used now: locked, unreachable, full or broken. Nothing was changed."""


class Conflict(Exception):
    """The entry is not as whoever changes it believes: it was changed meanwhile, or is there already."""


class StillNeeded(Conflict):
    """Without it something would be out of reach for good; nothing was changed."""


class NotThere(LookupError):
    """There is no such entry, or no such resource."""

    def __str__(self) -> str:
        return str(self.args[0])


def meant(name: str, known: Iterable[str]) -> str:
    """What somebody who wrote a name that nobody knows may have meant."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(names) or 'none'}"


class Refused(PolicyError):
    """Entries that cannot be used. `complaints`: each begins its path with the resource and the entry's index."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__(map(str, self.complaints))
