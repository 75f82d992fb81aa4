"""Areas: what the operator calls the places that numbers belong to, by prefix (VOS3000's Area Information).

The longest prefix wins: of 1, 1212 and 44 the number 12125550100 lies in 1212.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.policy.columns import Repeated
from gateway.policy.prefixes import PrefixTable, checked_prefix


@dataclass(frozen=True, slots=True)
class Area:
    """Canonical numbers that begin with `prefix` lie in `name`; several prefixes may make up one area."""

    prefix: str
    name: str

    def __post_init__(self) -> None:
        checked_prefix(self.prefix)


class AreaTable:
    """Finds the area of a number; no two areas may have the same prefix."""

    __slots__ = ("_names", "_prefixes")

    def __init__(self, areas: Iterable[Area]) -> None:
        names = {area.prefix: area.name for area in areas}
        self._prefixes = PrefixTable.of(names)
        self._names = Repeated.of([names[prefix] for prefix in self._prefixes])

    def find(self, digits: str) -> Area | None:
        """The area with the longest prefix of the number, or None."""
        place = self._prefixes.find(digits)
        return Area(self._prefixes.prefix(place), self._names[place]) if place >= 0 else None

    def name(self, digits: str) -> str | None:
        """The name of that area: what a call asks."""
        place = self._prefixes.find(digits)
        return self._names[place] if place >= 0 else None
