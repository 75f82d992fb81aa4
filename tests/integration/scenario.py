"""A scenario as its folder writes it: who takes part, with which values, and what must hold of the messages.

The folder's name is the expectation. ``<role>.xml`` is the leg of that role; ``scenario.toml`` says the rest:

    attest = "B"                  what the carrier's INVITE carries: A (default), B, C, unsigned, or untouched
    [legs]        role = "name"   a leg shared by several scenarios, from scenarios/parts/legs
    [values]      name = "text"   fills {name} in the legs and in the checks below
    [[variants]]  id = "486", …   the same scenario again, once with each of these values
    [transport]   role = "tcp"    of a softswitch; a carrier's is that of its route (see world.py)
    [after]       role = "carrier ACK"   start that leg when the carrier's has sent or received an ACK
    [gateway.sip] …               settings other than the common ones: the scenario gets a gateway of its own
    [[relayed]]                   what one leg sends and another receives, byte for byte
    [[seen]]                      what a leg receives
    [log]         field = "text"  what the gateway's line about the call must say
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .legs import fill

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
SHARED_LEGS = SCENARIOS / "parts" / "legs"
CALLER = '"Acme" <sip:{caller}@[local_ip]:[local_port]>'
DEFAULTS = {"called": "+13035550123", "caller": "+12155550123", "from": CALLER, "max_forwards": "70"}


@dataclass(frozen=True, slots=True)
class Relayed:
    """A message that one leg sends and another must receive with the same parts.

    ``same`` names headers, or ``body``, or ``phrase``; ``absent`` names headers that must not arrive.
    """

    message: str
    by: str
    to: str
    same: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that a leg must receive.

    ``headers`` maps names to patterns; ``times`` counts different messages, so a repetition does not count.
    """

    leg: str
    message: str
    phrase: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    legs: Mapping[str, Path]
    values: Mapping[str, str]
    attest: str = "A"
    transport: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    gateway: Mapping[str, Any] = field(default_factory=dict)
    relayed: tuple[Relayed, ...] = ()
    seen: tuple[Seen, ...] = ()
    log: Mapping[str, object] = field(default_factory=dict)


def all_scenarios() -> list[Scenario]:
    folders = sorted(path.parent for path in SCENARIOS.glob("*/scenario.toml"))
    return [scenario for folder in folders for scenario in read_folder(folder)]


def read_folder(folder: Path) -> Iterator[Scenario]:
    """The scenarios of one folder, one a variant; raises KeyError or TypeError for what means nothing."""
    written = tomllib.loads((folder / "scenario.toml").read_text())
    variants = written.pop("variants", [{}])
    for variant in variants:
        suffix = f"[{variant['id']}]" if variant else ""
        yield _scenario(folder, suffix, variant, written)


def _scenario(folder: Path, suffix: str, variant: Mapping[str, str], written: Mapping[str, Any]) -> Scenario:
    values = {**DEFAULTS, **written.get("values", {}), **variant}
    values["from"] = fill(values["from"], values)
    rest = _filled({key: value for key, value in written.items() if key not in ("legs", "values")}, values)
    return Scenario(
        name=folder.name + suffix,
        legs=_legs(folder, fill_all(written.get("legs", {}), values)),
        values=values,
        **{
            **rest,
            "relayed": tuple(Relayed(**_tuples(check)) for check in rest.get("relayed", [])),
            "seen": tuple(Seen(**_tuples(check)) for check in rest.get("seen", [])),
        },
    )


def _legs(folder: Path, shared: Mapping[str, str]) -> dict[str, Path]:
    own = {path.stem: path for path in folder.glob("*.xml")}
    return own | {role: SHARED_LEGS / f"{name}.xml" for role, name in shared.items()}


def fill_all(table: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    return {key: fill(text, values) for key, text in table.items()}


def _filled(written: Any, values: Mapping[str, str]) -> Any:
    """The same structure with ``{name}`` filled in every text."""
    match written:
        case str():
            return fill(written, values)
        case list():
            return [_filled(item, values) for item in written]
        case dict():
            return {key: _filled(item, values) for key, item in written.items()}
    return written


def _tuples(check: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in check.items()}
