"""Every folder of ``scenarios/`` comes true: real SIPp on both sides of a running gateway."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import GatewayWith
from .runner import everything_wrong, play
from .scenario import Scenario, all_scenarios
from .sipp import wait_for
from .world import Gateway

pytestmark = pytest.mark.sip

SCENARIOS = all_scenarios()
SLOTS_COME_BACK = 45  # seconds; the longest a call is remembered after its end is 40


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played, and how much the gateway had logged before."""

    scenario: Scenario
    gateway: Gateway
    logged_before: int

    def is_told(self) -> bool:
        """Whether the log has its line about the call."""
        lines = self.gateway.log_lines()[self.logged_before :]
        return any(self.scenario.log.items() <= line.items() for line in lines)


@pytest.fixture(scope="module")
def played() -> list[Played]:
    """What was played so far. A call is logged when nothing of it is left, some seconds after its end."""
    return []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(
    scenario: Scenario, gateway_with: GatewayWith, tmp_path: Path, played: list[Played]
) -> None:
    gateway = gateway_with(scenario.gateway)
    played.append(Played(scenario, gateway, len(gateway.log_lines())))
    seen = play(scenario, gateway, tmp_path)
    problems = everything_wrong(scenario, seen, gateway)
    assert not problems, "\n".join(["", *problems, "", seen.ladder()])


def test_the_log_says_how_each_call_was_decided(played: list[Played]) -> None:
    told = [each for each in played if each.scenario.log]

    def missing() -> list[str]:
        return [each.scenario.name for each in told if not each.is_told()]

    with contextlib.suppress(TimeoutError):
        wait_for(lambda: not missing(), "a line for each call", seconds=15)
    assert not missing()


def test_no_call_is_kept_when_all_is_over(gateway: Gateway) -> None:
    wait_for(gateway.is_idle, "all calls to be forgotten", seconds=SLOTS_COME_BACK)


def test_nothing_went_wrong_inside(gateway: Gateway) -> None:
    assert not gateway.errors()
