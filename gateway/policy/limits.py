"""How much of the gateway one owner, a peer or an account, may use at once, a second and a day.

None is no bound, 0 allows nothing: an operator who writes 0 means it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one owner; raises ValueError for a negative one.

    `concurrent` calls at once, `cps` new calls a second (a token bucket of one second's worth), `spend_per_day`
    micro-units of money in one day of the policy's time zone, by the prefix rate table named `rates`.
    `asks`: whether there is any of these.
    """

    concurrent: int | None = None
    cps: int | None = None
    spend_per_day: int | None = None
    rates: str | None = None
    asks: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        given = {each.name: getattr(self, each.name) for each in fields(self) if each.init}
        for name, bound in given.items():
            if isinstance(bound, int) and bound < 0:
                raise ValueError(f"{name} is {bound}; a limit is 0 or more")
        object.__setattr__(self, "asks", any(bound is not None for bound in given.values()))
