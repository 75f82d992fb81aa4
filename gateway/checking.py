"""How a call goes through its checks: to be decided, or to be explained. This file does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, Generic, TypeVar

from gateway.decision import Deliver, Forward, Refuse, Refused
from gateway.number_policy import Number, NumberPolicy
from gateway.policy.territory import region

Call = TypeVar("Call", bound=NumberPolicy)


@dataclass(frozen=True, slots=True)
class Check(Generic[Call]):
    """One step: `run` answers in a few words what it decided, or refuses.

    shows: the facts it goes by (`FACTS`). always: an emergency call goes through it as well.
    """

    name: str
    run: Callable[[Call], str]
    shows: tuple[str, ...] = ()
    always: bool = False


@dataclass(frozen=True, slots=True)
class Course(Generic[Call]):
    """The steps of an order of checks as calls take them: `first` all, then most `ordinary`, one for help `emergency`.

    That a call is one for help is found out in one of the first.
    """

    first: tuple[Callable[[Call], str], ...]
    ordinary: tuple[Callable[[Call], str], ...]
    emergency: tuple[Callable[[Call], str], ...]

    @classmethod
    def of(cls, checks: Sequence[Check[Call]]) -> Course[Call]:
        """That of the checks in their order: the first ones are those before any that is for ordinary calls alone."""
        first = list(takewhile(lambda check: check.always, checks))
        rest = checks[len(first) :]
        return cls(
            first=tuple(check.run for check in first),
            ordinary=tuple(check.run for check in rest),
            emergency=tuple(check.run for check in rest if check.always),
        )


def refused(call: Call, course: Course[Call]) -> Refuse | None:
    """Take a call through its checks; the refusal of the one that refused, or None."""
    try:
        for run in course.first:
            run(call)
        for run in course.ordinary if call.emergency is None else course.emergency:
            run(call)
    except Refused as refusal:
        return replace(refusal.answer, parties=call.parties)
    return None


@dataclass(frozen=True, slots=True)
class Checked:
    """One check of a dry run: its place in the order, what it saw, and what it decided."""

    number: int
    name: str
    saw: Mapping[str, object]
    decided: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every check a call came to, the last one being the one that refused it where `decision` is a refusal."""

    checks: tuple[Checked, ...]
    decision: Refuse | Forward | Deliver


def explained(call: Call, checks: Sequence[Check[Call]]) -> tuple[tuple[Checked, ...], Refuse | None]:
    """Go through the checks and say what each saw and decided; the refusal, or None."""
    done: list[Checked] = []
    for number, check in enumerate(checks, start=1):
        decided, refusal = _explained(call, check)
        saw = {name: fact for shown in check.shows for name, fact in FACTS[shown](call).items()}
        done.append(Checked(number, check.name, saw, decided))
        if refusal:
            return tuple(done), refusal
    return tuple(done), None


def _explained(call: Call, check: Check[Call]) -> tuple[str, Refuse | None]:
    if call.emergency and not check.always:
        return "passed over: emergency", None
    try:
        return check.run(call), None
    except Refused as refusal:
        return f"refuses: {refusal.answer.rule}", replace(refusal.answer, parties=call.parties)


def _number(number: Number) -> dict[str, object]:
    """A number as it stands: dialled, then sent where a transform changed it, then canonical."""
    steps = [
        number.dialled,
        number.sent,
        number.digits or f"({number.problem})" if number.listed or number.problem else None,
    ]
    shown: dict[str, object] = {number.party: " → ".join(dict.fromkeys(step for step in steps if step))}
    if number.transform:
        shown[f"{number.party} transform"] = f"{number.transform.original} → {number.transform.target}"
    return shown


def _account(call: NumberPolicy) -> dict[str, object]:
    account = call.account
    if account is None:
        return {"account": call.account_id}
    bound = [str(network) for network in account.addresses]
    return {"account": account.id, "kind": account.kind, "bound to": bound, "attest_max": account.attest_max}


def _lists(call: NumberPolicy) -> dict[str, object]:
    attached = [
        f"{owner}: {each.kind} {each.group} for {each.party}"
        for owner, terms in call.owners
        for each in terms.lists
    ]
    return {"attached": attached}


def _areas(call: NumberPolicy) -> dict[str, object]:
    found = {each.party: call.snapshot.areas.find(each.digits or "") for each in (call.caller, call.callee)}
    return {f"{party} area": area.name if area else None for party, area in found.items()}


def _countries(call: NumberPolicy) -> dict[str, object]:
    return {f"{each.party} country": region(each.digits or "") for each in (call.caller, call.callee)}


def _usage(call: NumberPolicy) -> dict[str, object]:
    limits = {owner: terms.limits for owner, terms in call.owners}
    return {
        owner: {
            "concurrent": f"{call.usage.concurrent(owner)} of {_bound(bound.concurrent)}",
            "a second": _bound(bound.cps),
            "spent today": f"{call.usage.spent(owner, call.now)} of {_bound(bound.spend_per_day)}",
        }
        for owner, bound in limits.items()
    }


def _bound(bound: int | None) -> str:
    return "no bound" if bound is None else str(bound)


FACTS: Mapping[str, Callable[[Any], dict[str, object]]] = {
    "peer": lambda call: {"peer": call.peer.name, "role": call.peer.role},
    "address": lambda call: {"source": call.address},
    "country": lambda call: {"source country": call.country},
    "caller": lambda call: _number(call.caller),
    "callee": lambda call: _number(call.callee),
    "account": _account,
    "lists": _lists,
    "areas": _areas,
    "countries": _countries,
    "usage": _usage,
    "certificate": lambda call: {"x5u": call.credential.x5u if call.credential else None},
    "verdict": lambda call: {"reason": call.verdict.reason.value, "attest": call.verdict.attest},
}
"""What a check goes by, by name, as a person reads it."""
