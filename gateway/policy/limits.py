"""How much of the gateway one owner, a peer or an account, may use at once, a second and a day.

None is no bound, 0 allows nothing: an operator who writes 0 means it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one owner; raises ValueError for a negative one.

    `concurrent` calls at once, `cps` new calls a second (a token bucket of one second's worth), `spend_per_day`
    micro-units of money in one day of the policy's time zone, by the prefix rate table named `rates`.
    """

    concurrent: int | None = None
    cps: int | None = None
    spend_per_day: int | None = None
    rates: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            bound = getattr(self, field.name)
            if isinstance(bound, int) and bound < 0:
                raise ValueError(f"{field.name} is {bound}; a limit is 0 or more")
