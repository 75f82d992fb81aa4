"""How the orders of a node stand: what REST, the shell, the metrics and the alarms say. This file does no I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gateway.acme.schedule import DAY, Pause, renewal_at, urgency
from gateway.acme.settings import Acme, OrderSettings
from gateway.acme.state import Progress, Rehearsal, State, Trouble
from gateway.credentials.manifest import Manifest
from gateway.trust.credential import Credential

Standing = Literal["good", "due", "waiting", "failing"]
"""good: nothing is to be done yet. due: it is being done, or about to be. waiting: the STI-CA is at work. failing: the last
attempt failed, and there will be another one."""


_STILL_HELD = (None, "not-yet-valid")  # a clock that was set back is no reason to buy another one

SLOW = 3600.0
"""Seconds after which an order that the STI-CA works on is worth an operator's look."""


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate that signs, or could, for one service provider; times in epoch seconds."""

    name: str
    not_before: float
    not_after: float


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """How one order stands; times in epoch seconds. held: the certificate that is to be renewed, None where there is none.
    renewal_at: when it is due. next_attempt: not before then.
    seconds_left: of that certificate, 0 where there is none. urgency: how many thresholds of days left a renewal that is
    due has passed, 0 to 4. is_slow: whether it was begun long ago. rehearsal: the last dry run."""

    name: str
    spc: str
    account: str | None
    standing: Standing
    held: Held | None
    renewal_at: float | None
    next_attempt: float
    seconds_left: float
    urgency: int
    failures: int
    trouble: Trouble | None
    renewed_at: float | None
    order_url: str | None
    begun_at: float | None
    is_slow: bool
    rehearsal: Rehearsal | None

    @property
    def alarm(self) -> str | None:
        """What an operator must know, None where all is as it should be."""
        if self.standing != "failing" and not (self.standing == "waiting" and self.is_slow):
            return None
        left = (
            "there is no certificate" if self.held is None else f"{self.held.name} has {self.days_left} left"
        )
        why = self.trouble.text if self.trouble else "the STI-CA is still at work"
        return f"acme-renewal: {self.name}: {left}: {why}"

    @property
    def days_left(self) -> str:
        """Of the certificate that is to be renewed, in words."""
        return f"{self.seconds_left / DAY:.1f} days"


@dataclass(frozen=True, slots=True)
class Standings:
    """How all orders stand. problem: what keeps any of them from being worked on."""

    orders: tuple[OrderStatus, ...] = ()
    problem: str | None = None

    @property
    def alarms(self) -> Iterator[str]:
        """What an operator must look at."""
        if self.problem:
            yield f"acme-stopped: {self.problem}"
        yield from (each.alarm for each in self.orders if each.alarm)


def held(manifest: Manifest, configured: Credential | None, spc: str, now: float) -> Held | None:
    """The certificate of a service provider that lasts longest, installed here or configured."""
    found = [
        Held(each.name, each.not_before, each.not_after)
        for each in reversed(manifest.certificates)  # of two that end together, the one that came last
        if each.spc == spc and each.unusable(now) in _STILL_HELD
    ]
    if configured and configured.spc == spc and configured.usable(now) in _STILL_HELD:
        found.append(Held(configured.name, configured.not_before, configured.not_after))
    return max(found, key=lambda each: each.not_after, default=None)


def is_due(progress: Progress, mine: Held | None, renew_before: float, now: float) -> bool:
    """Whether something is to be done for an order now."""
    if progress.pause and progress.pause.holds(now):
        return False
    return progress.is_under_way or mine is None or now >= _renewal_at(mine, renew_before, progress)


def status_of(
    order: OrderSettings, progress: Progress, mine: Held | None, acme: Acme, now: float
) -> OrderStatus:
    """How one order stands at `now`."""
    at = _renewal_at(mine, acme.renew_before, progress) if mine else None
    left = mine.not_after - now if mine else 0.0
    wanted = progress.is_under_way or at is None or now >= at
    pause = progress.pause
    return OrderStatus(
        name=order.called,
        spc=order.spc,
        account=order.account,
        standing=_standing(progress, wanted=wanted),
        held=mine,
        renewal_at=at,
        next_attempt=_next_attempt(pause, now if wanted or at is None else at, now),
        seconds_left=max(0.0, left),
        urgency=urgency(left) if at is None or now >= at else 0,
        failures=progress.failures,
        trouble=progress.trouble,
        renewed_at=progress.renewed_at,
        order_url=progress.order_url,
        begun_at=progress.begun_at,
        is_slow=progress.begun_at is not None and now - progress.begun_at > SLOW,
        rehearsal=progress.rehearsal,
    )


def statuses(
    acme: Acme, state: State, manifest: Manifest, configured: Credential | None, now: float
) -> Iterator[OrderStatus]:
    """How every order stands."""
    for order in acme.orders:
        mine = held(manifest, configured, order.spc, now)
        yield status_of(order, state.of(order.called), mine, acme, now)


def _standing(progress: Progress, *, wanted: bool) -> Standing:
    if progress.trouble and progress.failures:
        return "failing"
    if progress.waiting:
        return "waiting"
    return "due" if wanted else "good"


def _next_attempt(pause: Pause | None, at: float, now: float) -> float:
    return max(at, pause.until) if pause and pause.holds(now) else at


def _renewal_at(mine: Held, renew_before: float, progress: Progress) -> float:
    return renewal_at(mine.not_before, mine.not_after, renew_before, progress.jitter)
