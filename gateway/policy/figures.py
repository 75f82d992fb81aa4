"""The figures of a node's counters as JSON has them: for whoever reads them, and for the process that counts next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from gateway.policy.days import Days
from gateway.policy.owner import Owner


def snapshot(owners: Mapping[str, Owner], days: Days, now: float) -> dict[str, Any]:
    """The figures of every owner that has any.

    `{"day": "2026-07-03", "time_zone": "UTC", "owners": {owner: {"concurrent", "spent", "settled"}}}`;
    settled is what of the spent belongs to calls of this node that have ended.
    """
    day = days.day(now)
    figures = {
        name: {
            "concurrent": held.concurrent + held.elsewhere.concurrent,
            "spent": held.spent(days, now),
            "settled": held.spend.settled(day),
        }
        for name, held in owners.items()
    }
    in_use = {name: each for name, each in figures.items() if any(each.values())}
    return {"day": day.isoformat(), "time_zone": days.zone, "owners": in_use}


def restored(state: Mapping[str, Any]) -> tuple[Days, date, dict[str, int]]:
    """The calendar of a snapshot, its day, and what each owner had settled in it; ValueError for what is none."""
    try:
        days, day = Days(state["time_zone"]), date.fromisoformat(state["day"])
        settled = {owner: figures["settled"] for owner, figures in state["owners"].items()}
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError("this is no snapshot of usage") from error
    if not all(type(amount) is int and amount >= 0 for amount in settled.values()):
        raise ValueError("this is no snapshot of usage: what was settled is a whole number, 0 or more")
    return days, day, settled
