"""Plays a scenario: starts its legs in order, waits for them, and gathers what they saw.

The called legs start first and listen; then the calling leg starts. As a program it plays folders of
``scenarios/`` and prints their ladders: ``python -m tests.integration.runner [--back-to-back] NAME…``.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.certificate_host import CertificateHost

from .bystanders import bystanders
from .checks import Signer, not_relayed, wrong
from .identities import header_lines
from .legs import begins_the_call, sipp_scenario
from .scenario import SCENARIOS, Scenario, read_folder
from .seating import BackToBack, Seating, ThroughGateway
from .sipp import Leg, wait_for
from .trace import Message, ladder, without_retransmissions
from .world import Gateway, running_gateway


@dataclass(frozen=True, slots=True)
class Played:
    """What happened: each leg's exit code and complaints, and every message of all of them.

    called: those who take no part and were called all the same. fetches: how often the certificate host was asked.
    """

    exits: Mapping[str, int]
    errors: Mapping[str, str]
    messages: tuple[Message, ...]
    called: tuple[str, ...] = ()
    fetches: int = 0

    def failures(self) -> list[str]:
        """The legs that did not go as they say."""
        failed = (role for role, code in self.exits.items() if code)
        return [f"{role}: SIPp ended with {self.exits[role]}\n{self.errors[role]}" for role in failed]

    def side_effects(self, scenario: Scenario) -> list[str]:
        """What happened beside the call and should not have."""
        wrong = [f"{role} was called" for role in self.called]
        if scenario.fetches not in (None, self.fetches):
            wrong.append(f"the certificate host was asked {self.fetches} times, not {scenario.fetches}")
        return wrong

    def ladder(self) -> str:
        return ladder(self.messages)


def play(scenario: Scenario, gateway: Gateway, folder: Path) -> Played:
    """Run the legs of a scenario through a gateway; SIPp's files stay in ``folder``."""
    if scenario.inbound:
        with gateway.certificate_host() as host:
            return play_inbound(scenario, gateway, folder, host)
    with contextlib.ExitStack() as stack:
        # Where a call fails over, a role without a leg is a closed port: nobody may listen there.
        called = stack.enter_context(bystanders(scenario, gateway)) if scenario.refused else list[str]
        played = _play(scenario, ThroughGateway(scenario, gateway, stack), folder)
        return replace(played, called=tuple(called()))


def play_inbound(scenario: Scenario, gateway: Gateway, folder: Path, host: CertificateHost) -> Played:
    """Run a call from a carrier, whose signers' certificates this host serves."""

    def sign() -> str:
        return header_lines(scenario.identities, gateway.signers, host, int(time.time()))

    asked = host.counts.total()
    with contextlib.ExitStack() as stack:
        called = stack.enter_context(bystanders(scenario, gateway))
        played = _play(scenario, ThroughGateway(scenario, gateway, stack), folder, sign)
        return replace(played, called=tuple(called()), fetches=host.counts.total() - asked)


def play_back_to_back(scenario: Scenario, folder: Path) -> Played:
    """Run the two legs of a scenario against each other, with no gateway between them."""
    return _play(scenario, BackToBack(scenario), folder)


def everything_wrong(scenario: Scenario, played: Played, gateway: Gateway) -> list[str]:
    """What a scenario through a gateway got wrong, one entry each; empty when all is well."""
    signer = Signer(gateway.signing_key, int(time.time()))
    return played.failures() + played.side_effects(scenario) + wrong(scenario, played.messages, signer)


def _play(scenario: Scenario, seating: Seating, folder: Path, sign: Callable[[], str] = str) -> Played:
    """`sign` gives the lines that fill {identities}, anew for each leg."""
    legs: dict[str, Leg] = {}
    with contextlib.ExitStack() as stack:
        for role in _starting_order(scenario):
            if role in scenario.after:
                _wait_for_message(legs, scenario.after[role])
            legs[role] = _start(role, scenario, seating, folder, {"identities": sign()})
            stack.callback(legs[role].stop)
        exits = {role: leg.finish() for role, leg in legs.items()}
    messages = tuple(message for leg in legs.values() for message in leg.messages())
    return Played(exits, {role: leg.errors() for role, leg in legs.items()}, messages)


def _starting_order(scenario: Scenario) -> list[str]:
    """Those who are called, those who call, those who wait for others."""
    legs = scenario.legs
    return sorted(legs, key=lambda role: (begins_the_call(legs[role]), role in scenario.after))


def _start(role: str, scenario: Scenario, seating: Seating, folder: Path, signed: Mapping[str, str]) -> Leg:
    """Start one leg; a called one listens when this returns."""
    file = scenario.legs[role]
    seat, said = seating.place(role)
    text = sipp_scenario(file, {**scenario.values, **said, **signed})
    leg = Leg.start(role, text, seat, folder, scenario.calls.get(role, 1))
    if not begins_the_call(file):
        leg.listen()
    return leg


def _wait_for_message(legs: Mapping[str, Leg], wanted: str) -> None:
    times, role, kind = re.fullmatch(r"(?:(\d+) )?(\S+) (.+)", wanted).groups()  # type: ignore[union-attr]

    def came() -> int:
        return sum(message.is_a(kind) for message in without_retransmissions(legs[role].messages()))

    wait_for(lambda: came() >= int(times or 1), wanted)


def main(arguments: list[str]) -> int:
    """Play the named scenarios and print what happened; 0 if all went as expected."""
    parser = argparse.ArgumentParser(description="play SIP scenarios and print their ladders")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="folders of scenarios/; all if none is given"
    )
    parser.add_argument("--back-to-back", action="store_true", help="leg against leg, without a gateway")
    options = parser.parse_args(arguments)
    names = options.names or sorted(path.parent.name for path in SCENARIOS.glob("*/scenario.toml"))
    scenarios = [scenario for name in names for scenario in read_folder(SCENARIOS / name)]
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [_tell(each, Path(folder), back_to_back=options.back_to_back) for each in scenarios]
    return int(not all(outcomes))


def _tell(scenario: Scenario, folder: Path, *, back_to_back: bool) -> bool:
    here = Path(tempfile.mkdtemp(dir=folder))
    if back_to_back:
        played = play_back_to_back(scenario, here)
        once = without_retransmissions(played.messages)
        problems = played.failures() + [line for each in scenario.relayed for line in not_relayed(each, once)]
    else:
        with running_gateway(here, scenario.gateway, scenario.policy) as gateway:
            played = play(scenario, gateway, here)
            problems = everything_wrong(scenario, played, gateway)
    print(f"\n── {scenario.name}: {'as expected' if not problems else 'NOT AS EXPECTED'}\n{played.ladder()}")
    print("\n".join(problems))
    return not problems


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
