"""A scenario as a test plays it on a gateway of either door, and what the gateway must have written down of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .runner import everything_wrong, play
from .scenario import Scenario
from .sipp import wait_for
from .trace import Message
from .world import Gateway

TOLD_SECONDS = 15
"""Until a call is written down: when nothing of it is left, some seconds after its end."""


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played, the Call-IDs of each leg, and how much the gateway had logged before."""

    scenario: Scenario
    gateway: Gateway
    calls: Mapping[str, tuple[str, ...]]
    logged_before: int

    def is_told(self) -> bool:
        """Whether the log has its line about the call, and about each refusal."""
        lines = self.gateway.log_lines()[self.logged_before :]
        wanted = [self.scenario.log, *({"rule": rule} for rule in self.scenario.refused.values())]
        return all(any(each.items() <= line.items() for line in lines) for each in wanted if each)

    def is_recorded(self) -> bool:
        """Whether the call log has what is to be known of the call, and the rule of each refusal."""
        wanted = [
            ({"rule": rule, "code": int(self.scenario.values["code"])}, self.calls[role])
            for role, rule in self.scenario.refused.items()
        ]
        if self.scenario.record:
            wanted.append((self.scenario.record, next(iter(self.calls.values()))))
        return all(self._is_recorded(call_id, facts) for facts, call_ids in wanted for call_id in call_ids)

    def _is_recorded(self, call_id: str, facts: Mapping[str, object]) -> bool:
        found = self.gateway.records(call_id=call_id)
        return len(found) == 1 and facts.items() <= found[0].items()


def play_on(gateway: Gateway, scenario: Scenario, folder: Path, played: list[Played]) -> None:
    """Play a scenario and add it to those played; AssertionError with everything that went wrong."""
    before = len(gateway.log_lines())
    seen = play(scenario, gateway, folder)
    played.append(Played(scenario, gateway, _calls_of(seen.messages), before))
    problems = everything_wrong(scenario, seen, gateway)
    assert not problems, "\n".join(["", *problems, "", seen.ladder()])


def wait_for_all(played: list[Played], is_there: Callable[[Played], bool]) -> None:
    """Until it holds of every scenario that was played; AssertionError naming those of which it does not."""
    missing = list(played)

    def none_is_missing() -> bool:
        missing[:] = [each for each in missing if not is_there(each)]
        return not missing

    with contextlib.suppress(TimeoutError):
        wait_for(none_is_missing, "what is said of each call", seconds=TOLD_SECONDS)
    assert not [each.scenario.name for each in missing]


def _calls_of(messages: Iterable[Message]) -> dict[str, tuple[str, ...]]:
    """The Call-IDs of the calls that each leg placed, by the order of the legs."""
    calls: dict[str, dict[str, None]] = {}
    for each in messages:
        if each.direction == "sent" and each.opens_dialog:
            calls.setdefault(each.leg, {})[each.header("Call-ID")] = None
    return {leg: tuple(found) for leg, found in calls.items()}
