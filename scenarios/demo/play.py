"""Plays one call with SIPp on all sides of the gateway, and reads off the traces what each side heard."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scenarios.demo.calls import Call, leg_file
from scenarios.demo.lab import CARRIERS, GATEWAY, HOSTS, Lab
from tests.integration.legs import begins_the_call, sipp_scenario
from tests.integration.scenario import DEFAULTS
from tests.integration.sipp import Leg, Seat, free_port
from tests.integration.trace import Message

Legs = Mapping[str, str]
"""Roles, and the SIPp leg each plays: see `calls.Call`."""

_COMMON = {**DEFAULTS, "transport": "[transport]", "sent_by": "[local_ip]:[local_port]"}
_RULE = re.compile(r'X\.int;text="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a call.

    `codes`: of the INVITE's answers, each once, in order. `rule`: the Reason the gateway gave. `carrier`: who got the
    INVITE last, and `identities` what it carried. `sent_identities`: what the caller's INVITE carried. `failures`: legs
    that did not go as they say, and bodies that changed on the way.
    """

    codes: tuple[int, ...]
    rule: str
    carrier: str | None
    identities: tuple[str, ...]
    sent_identities: tuple[str, ...]
    failures: tuple[str, ...]


def play(call: Call, lab: Lab, folder: Path) -> Heard:
    """Play a call; SIPp's files stay in `folder`."""
    values = {"caller": call.caller, "called": call.called, **call.values, "from": call.from_header}
    messages, failures = played(call.legs, values, lab, folder)
    return _heard(call, messages, failures)


def played(
    legs: Legs, values: Mapping[str, str], lab: Lab, folder: Path
) -> tuple[dict[str, list[Message]], list[str]]:
    """Run the legs, those that are called first; the messages of each, and what went wrong with any."""
    folder.mkdir()
    running: dict[str, Leg] = {}
    with contextlib.ExitStack() as stack:
        for role in sorted(legs, key=lambda role: begins_the_call(leg_file(legs[role]))):
            file = leg_file(legs[role])
            running[role] = _start(role, sipp_scenario(file, {**_COMMON, **values}), lab, folder)
            stack.callback(running[role].stop)
            if not begins_the_call(file):
                running[role].listen()
        failures = [f"{role}: {_complaint(leg)}" for role, leg in running.items() if leg.finish()]
    return {role: leg.messages() for role, leg in running.items()}, failures


def _start(role: str, scenario: str, lab: Lab, folder: Path) -> Leg:
    host = HOSTS[role]
    seat = Seat(host, lab.ports.get(role) or free_port(host), f"{GATEWAY}:{lab.sip}", "udp")
    return Leg.start(role, scenario, seat, folder)


def _complaint(leg: Leg) -> str:
    lines = leg.errors().strip().splitlines()
    return lines[-1] if lines else f"SIPp ended with {leg.process.returncode}"


def _heard(call: Call, messages: Mapping[str, list[Message]], failures: list[str]) -> Heard:
    caller = next(messages[role] for role in messages if role not in CARRIERS)
    answers = [m for m in caller if m.direction == "received" and m.code and m.method == "INVITE"]
    asked = [m for m in caller if m.direction == "sent" and m.opens_dialog]
    reached = {role: _invites(messages[role]) for role in CARRIERS if role in messages}
    last = next((role for role in ("backup", "carrier") if reached.get(role)), None)
    arrived = reached[last][0] if last else None
    changed = [f"{kind} changed on its way" for kind in _changed_bodies(messages)] if call.same_bodies else []
    return Heard(
        codes=tuple(dict.fromkeys(int(answer.code) for answer in answers)),
        rule=_rule(answers),
        carrier=last,
        identities=tuple(arrived.headers("Identity")) if arrived else (),
        sent_identities=tuple(asked[0].headers("Identity")) if asked else (),
        failures=(*failures, *changed),
    )


def _rule(answers: list[Message]) -> str:
    reasons = (_RULE.search(value) for answer in answers for value in answer.headers("Reason"))
    return next((reason[1] for reason in reasons if reason), "")


def _invites(messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.direction == "received" and message.opens_dialog]


def _changed_bodies(messages: Mapping[str, list[Message]]) -> list[str]:
    """Which of offer and answer did not arrive as it was sent, or was not sent at all."""
    near, far = messages["vos3000"], messages["carrier"]
    ways = {"the offer": (near, far, "INVITE"), "the answer": (far, near, "200 INVITE")}
    return [what for what, (by, to, kind) in ways.items() if not _same_body(by, to, kind)]


def _same_body(by: list[Message], to: list[Message], kind: str) -> bool:
    sent, arrived = _body(by, "sent", kind), _body(to, "received", kind)
    return sent != b"" and sent == arrived


def _body(messages: list[Message], direction: str, kind: str) -> bytes:
    return next((m.body for m in messages if m.direction == direction and m.is_a(kind)), b"")
