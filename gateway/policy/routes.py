"""Routes: which carriers a called number goes to, by its longest matching prefix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """Numbers that begin with `prefix` (canonical digits, "" for all) go to the peers of `to`, in order.

    `from_peer` limits the route to calls from that peer.
    """

    prefix: str
    to: tuple[str, ...]
    name: str
    from_peer: str | None = None


class RouteTable:
    """Finds the route of a call: the longest prefix wins, and at equal length the caller's own route."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = {(route.from_peer, route.prefix): route for route in routes}
        self._lengths = sorted({len(prefix) for _, prefix in self._routes}, reverse=True)

    def find(self, peer: str, digits: str) -> Route | None:
        """The route for a call from `peer` to the canonical number `digits`, or None."""
        for length in self._lengths:
            prefix = digits[:length]
            route = self._routes.get((peer, prefix)) or self._routes.get((None, prefix))
            if route:
                return route
        return None
