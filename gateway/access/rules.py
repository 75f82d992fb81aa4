"""How long sessions last, when somebody is locked out, and how often one may ask: the numbers of `[access]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.access.permissions import Role

_MINUTE, _HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class TimeOuts:
    """Seconds after which a session ends: since it was last used, and since it began."""

    idle: float
    absolute: float


def _time_outs() -> dict[Role, TimeOuts]:
    return {
        Role.ADMIN: TimeOuts(15 * _MINUTE, 8 * _HOUR),
        Role.OPERATOR: TimeOuts(30 * _MINUTE, 12 * _HOUR),
        Role.AUDITOR: TimeOuts(60 * _MINUTE, 12 * _HOUR),
    }


@dataclass(frozen=True, slots=True)
class AccessRules:
    """lock_after: failures in a row of one name from one place; lock_seconds: the first time, twice as long each time after,
    up to lock_most.

    Rates are requests a second of one principal, with twice as many at once; those of strangers, and those
    for what is public, count by address.
    """

    time_outs: Mapping[Role, TimeOuts] = field(default_factory=_time_outs)
    lock_after: int = 5
    lock_seconds: float = 30.0
    lock_most: float = 900.0
    rate: float = 200.0
    stir_rate: float = 5000.0
    stranger_rate: float = 20.0
    public_rate: float = 200.0
