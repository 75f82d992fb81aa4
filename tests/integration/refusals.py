"""What must hold of every call that the number policy refuses: its caller hears the code and the rule, and nobody else of it.

Each check yields one line for each thing that is wrong. This file reads messages; it does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .scenario import Scenario
from .trace import Message


def wrong_refusals(scenario: Scenario, messages: Sequence[Message]) -> Iterator[str]:
    """How the calls that are to be refused were not, each by its rule."""
    for role, rule in scenario.refused.items():
        yield from _not_refused(role, rule, scenario, messages)
    if scenario.refused:
        yield from _passed_on(scenario, messages)


def _not_refused(role: str, rule: str, scenario: Scenario, messages: Iterable[Message]) -> Iterator[str]:
    refusals = [
        each
        for each in messages
        if (each.leg, each.direction, each.method) == (role, "received", "INVITE") and each.code >= "300"
    ]
    if len(refusals) != scenario.calls.get(role, 1):
        yield f"{role} was refused {len(refusals)} times, not {scenario.calls.get(role, 1)}"
    for each in refusals:
        told = each.headers("Reason")
        if each.code != scenario.values["code"] or f'X.int;text="{rule}"' not in told:
            yield f"{role} heard {each.start!r} for the reasons {told}, not {scenario.values['code']} for {rule!r}"


def _passed_on(scenario: Scenario, messages: Iterable[Message]) -> Iterator[str]:
    """Calls that reached somebody, where there are more of them than were let in."""
    invites = [each for each in messages if each.opens_dialog]
    let_in = {
        each.header("Call-ID")
        for each in invites
        if each.direction == "sent" and each.leg not in scenario.refused
    }
    arrived = {each.header("Call-ID") for each in invites if each.direction == "received"}
    if len(arrived) != len(let_in):
        yield f"{len(arrived)} calls reached somebody, not {len(let_in)}"
