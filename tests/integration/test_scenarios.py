"""Every folder of ``scenarios/`` comes true: real SIPp on both sides of a running gateway."""

from pathlib import Path

import pytest

from .conftest import GatewayWith
from .playing import Played, play_on, wait_for_all
from .scenario import Scenario, all_scenarios
from .sipp import wait_for
from .world import Gateway

pytestmark = pytest.mark.sip

SCENARIOS = all_scenarios()
SLOTS_COME_BACK = 45  # seconds; the longest a call is remembered after its end is 40


@pytest.fixture(scope="module")
def played() -> list[Played]:
    """What was played so far."""
    return []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(
    scenario: Scenario, gateway_with: GatewayWith, tmp_path: Path, played: list[Played]
) -> None:
    play_on(gateway_with(scenario.gateway, scenario.policy), scenario, tmp_path, played)


def test_the_log_says_how_each_call_was_decided(played: list[Played]) -> None:
    wait_for_all(played, Played.is_told)


def test_the_call_log_says_how_each_call_was_decided(played: list[Played]) -> None:
    wait_for_all(played, Played.is_recorded)


def test_no_call_is_kept_when_all_is_over(gateway: Gateway) -> None:
    wait_for(gateway.is_idle, "all calls to be forgotten", seconds=SLOTS_COME_BACK)


def test_nothing_went_wrong_inside(gateway: Gateway) -> None:
    assert not gateway.errors()
