"""The folders of ``scenarios/`` on door 3: Kamailio carries the calls, and they go as they do on door 1.

One variant of each folder is played, for the engine that tells the variants apart is the same.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import GatewayWith
from .playing import Played, play_on, wait_for_all
from .scenario import Scenario, all_scenarios
from .sipp import wait_for
from .world import Gateway, on_kamailio

pytestmark = [pytest.mark.sip, pytest.mark.usefixtures("kamailio_with_python")]

FORGOTTEN = 10  # seconds until a call is no longer counted after its end


def _one_of_each_folder() -> Iterator[Scenario]:
    folders = set()
    for scenario in all_scenarios():
        folder = scenario.name.partition("[")[0]
        if folder not in folders and not scenario.kamailio:
            folders.add(folder)
            yield scenario


@pytest.fixture(scope="module")
def played() -> list[Played]:
    """What was played so far."""
    return []


@pytest.fixture(scope="module")
def door(gateway_with: GatewayWith) -> Gateway:
    """Door 3 with the common settings."""
    return gateway_with(on_kamailio({}))


@pytest.mark.parametrize("scenario", list(_one_of_each_folder()), ids=lambda scenario: scenario.name)
def test_scenario(
    scenario: Scenario, gateway_with: GatewayWith, tmp_path: Path, played: list[Played]
) -> None:
    play_on(gateway_with(on_kamailio(scenario.gateway), scenario.policy), scenario, tmp_path, played)


def test_the_log_says_how_each_call_was_decided(played: list[Played]) -> None:
    wait_for_all(played, Played.is_told)


def test_the_call_log_says_how_each_call_was_decided(played: list[Played]) -> None:
    wait_for_all(played, Played.is_recorded)


def test_no_call_is_kept_when_all_is_over(door: Gateway) -> None:
    wait_for(door.is_idle, "all calls to be forgotten", seconds=FORGOTTEN)


def test_nothing_went_wrong_inside(door: Gateway) -> None:
    assert not door.errors()
