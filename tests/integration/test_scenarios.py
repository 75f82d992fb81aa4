"""Every folder of ``scenarios/`` comes true: real SIPp on both sides of a running gateway."""

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


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario, gateway_with: GatewayWith, tmp_path: Path) -> None:
    gateway = gateway_with(scenario.gateway)
    played = play(scenario, gateway, tmp_path)
    problems = everything_wrong(scenario, played, gateway)
    assert not problems, "\n".join(["", *problems, "", played.ladder()])


def test_the_log_says_how_each_call_was_decided(gateway: Gateway, tmp_path: Path) -> None:
    told = [scenario for scenario in SCENARIOS if scenario.log]
    for number, scenario in enumerate(told):
        folder = tmp_path / str(number)
        folder.mkdir()
        play(scenario, gateway, folder)

    def missing() -> list[str]:
        lines = [line.items() for line in gateway.log_lines()]
        return [scenario.name for scenario in told if not any(scenario.log.items() <= line for line in lines)]

    wait_for(lambda: not missing(), "a line for each call", seconds=15)


def test_no_call_is_kept_when_all_is_over(gateway: Gateway) -> None:
    wait_for(gateway.is_idle, "all calls to be forgotten", seconds=SLOTS_COME_BACK)


def test_nothing_went_wrong_inside(gateway: Gateway) -> None:
    assert not gateway.errors()
