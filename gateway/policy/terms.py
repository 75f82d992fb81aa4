"""Terms: what holds for all calls of one peer or one account, in the order in which the engine asks for it.

A peer and an account have the same kinds of terms; a call has to keep those of both. Whose term refused it stands in
the rule, as `peer/NAME` or `account/ID`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.policy.geofence import Fence
from gateway.policy.limits import Limits
from gateway.policy.lists import Attachment
from gateway.policy.permits import Permits


@dataclass(frozen=True, slots=True)
class Terms:
    """Black and white groups attached, prefixes permitted, countries and areas, limits; `has_white`: any of them is white."""

    lists: tuple[Attachment, ...] = ()
    permits: Permits = field(default_factory=Permits)
    fence: Fence = field(default_factory=Fence)
    limits: Limits = field(default_factory=Limits)
    has_white: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "has_white", any(each.kind == "white" for each in self.lists))


NO_TERMS = Terms()
"""Nothing is asked of the calls."""
