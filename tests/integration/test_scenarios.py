"""Every folder of ``scenarios/`` comes true: real SIPp on both sides of a running gateway."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import GatewayWith
from .runner import everything_wrong, play
from .scenario import Scenario, all_scenarios
from .sipp import wait_for
from .trace import Message
from .world import Gateway

pytestmark = pytest.mark.sip

SCENARIOS = all_scenarios()
SLOTS_COME_BACK = 45  # seconds; the longest a call is remembered after its end is 40


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


@pytest.fixture(scope="module")
def played() -> list[Played]:
    """What was played so far. A call is logged when nothing of it is left, some seconds after its end."""
    return []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(
    scenario: Scenario, gateway_with: GatewayWith, tmp_path: Path, played: list[Played]
) -> None:
    gateway = gateway_with(scenario.gateway, scenario.policy)
    before = len(gateway.log_lines())
    seen = play(scenario, gateway, tmp_path)
    played.append(Played(scenario, gateway, _calls_of(seen.messages), before))
    problems = everything_wrong(scenario, seen, gateway)
    assert not problems, "\n".join(["", *problems, "", seen.ladder()])


def _calls_of(messages: Iterable[Message]) -> dict[str, tuple[str, ...]]:
    """The Call-IDs of the calls that each leg placed, by the order of the legs."""
    calls: dict[str, dict[str, None]] = {}
    for each in messages:
        if each.direction == "sent" and each.opens_dialog:
            calls.setdefault(each.leg, {})[each.header("Call-ID")] = None
    return {leg: tuple(found) for leg, found in calls.items()}


def test_the_log_says_how_each_call_was_decided(played: list[Played]) -> None:
    _wait_for_all(played, Played.is_told)


def test_the_call_log_says_how_each_call_was_decided(played: list[Played]) -> None:
    _wait_for_all(played, Played.is_recorded)


def _wait_for_all(played: list[Played], is_there: Callable[[Played], bool]) -> None:
    missing = list(played)

    def none_is_missing() -> bool:
        missing[:] = [each for each in missing if not is_there(each)]
        return not missing

    with contextlib.suppress(TimeoutError):
        wait_for(none_is_missing, "what is said of each call", seconds=15)
    assert not [each.scenario.name for each in missing]


def test_no_call_is_kept_when_all_is_over(gateway: Gateway) -> None:
    wait_for(gateway.is_idle, "all calls to be forgotten", seconds=SLOTS_COME_BACK)


def test_nothing_went_wrong_inside(gateway: Gateway) -> None:
    assert not gateway.errors()
