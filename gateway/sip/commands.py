"""What a call asks the edge to do. A call holds no socket and no clock: it appends these to its `out`, in order.

Keys name timers and repeated messages within one call; the edge hands the same key back when one of them runs out
(`Call.timeout`), and the last part of a branch in a response leads back to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.sip.values import Hop


@dataclass(slots=True)
class Send:
    """Send `data` outside, once."""

    hop: Hop
    data: bytes


@dataclass(slots=True)
class Repeat:
    """Send `data` outside and again, at T1 doubling up to T2, until `Stop(key)`; after 64*T1 it times out.

    On a reliable transport only the first goes out, unless `always` (a 2xx to INVITE, RFC 3261 §13.3.1.4).
    `capped` is False for an INVITE request, whose interval doubles without bound (RFC 3261 §17.1.1.2).
    """

    key: str
    hop: Hop
    data: bytes
    always: bool = False
    capped: bool = True


@dataclass(slots=True)
class Timer:
    """Call `Call.timeout(key)` in so many seconds, unless stopped or set anew."""

    key: str
    seconds: float


@dataclass(slots=True)
class Stop:
    """End the timer or the repetition of this key, if there is one."""

    key: str


@dataclass(slots=True)
class Inner:
    """Send `data` to the call's worker."""

    data: bytes


@dataclass(slots=True)
class WantSlot:
    """Find a worker with room: the edge answers with `Call.granted` or `Call.no_room`."""


@dataclass(slots=True)
class FreeSlot:
    """The worker has nothing more to do for this call."""

    refused: bool = False  # the worker had no room after all


@dataclass(slots=True)
class Mark:
    """Note the time of a milestone: `progress`, `concluded` (the INVITE has its final answer), `ended`."""

    name: str


@dataclass(slots=True)
class Over:
    """Nothing more will happen: log the call and forget it."""


Command = Send | Repeat | Timer | Stop | Inner | WantSlot | FreeSlot | Mark | Over
