"""A scenario as its folder writes it: who takes part, with which values, and what must hold of the messages.

The folder's name is the expectation. ``<role>.xml`` is the leg of that role; ``scenario.toml`` says the rest:

    [legs]        role = "name"   a leg shared by several scenarios, from scenarios/parts/legs
    [values]      name = "text"   fills {name} in the legs and in the checks below
    [[variants]]  id = "486", …   the same scenario again, once with each of these values; what is no text replaces
                                  what stands here under that name. "failures": those in scenarios/parts/failures.toml
    [transport]   role = "tcp"    of a leg that calls; one that is called is reached as world.py says
    [after]       role = "carrier ACK"   start that leg when the carrier's has sent or received an ACK; "3 carrier ACK"
                                  when it has three
    [calls]       role = 2        how many calls a leg takes, or makes
    [gateway.sip] …               settings other than the common ones: the scenario gets a gateway of its own
    kamailio = "why not"          door 3 is not asked to play this, for the reason given
    policy = "small-limits"       a file of scenarios/parts that is in force beside the common policy: the same
    [[relayed]]                   what one leg sends and another receives, byte for byte
    [[seen]]                      what a leg receives
    [refused]     role = "rule"   the leg's calls are refused with {code} (603) by that rule, and reach nobody
    [log]         field = "text"  what the gateway's line about the call must say, in the log
    [record]      field = "text"  and in /v1/calls; of the first leg that calls

The values `caller` and `called` are what the legs say; `orig` and `dest` are the numbers that are meant, where they are
others.

Of a call to a carrier:

    attest = "B"                  what the carrier's INVITE carries: A (default), B, C, unsigned, or untouched

Of a call from a carrier:

    direction = "inbound"
    [[identities]]                the Identity headers, which fill {identities}: see identities.py
    verstat = "TN-Validation-Failed"     what the softswitch is told (default: passed), "" for nothing; a list has one
                                         for each INVITE
    bearer = "Remote-Party-ID"    the header that tells it; default P-Asserted-Identity, or From where there is none
    reasons = ["403 Stale Date"]  what the carrier is told is wrong with its Identity headers, one each (RFC 9410)
    fetches = 1                   how often the certificate host is asked
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .identities import Identity
from .legs import fill

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
SHARED_LEGS = SCENARIOS / "parts" / "legs"
CALLER = '"Acme" <sip:{caller}@[local_ip]:[local_port]>'
DEFAULTS = {
    "called": "+13035550123",
    "caller": "+12155550123",
    "from": CALLER,
    "max_forwards": "70",
    "code": "603",
}
INBOUND = {
    "called": "+12155550123",
    "caller": "+13035550123",
    "headers": 'P-Asserted-Identity: "Acme" <sip:{caller}@carrier.example;user=phone>',
}


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

    ``start`` is a pattern of the start line, ``headers`` maps names to patterns; ``times`` counts different messages, so a
    repetition does not count. ``nth`` is the only one that is looked at; without it all are.
    """

    leg: str
    message: str
    start: str | None = None
    phrase: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    times: int | None = None
    nth: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    legs: Mapping[str, Path]
    values: Mapping[str, str]
    attest: str = "A"
    transport: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    gateway: Mapping[str, Any] = field(default_factory=dict)
    policy: str = ""
    kamailio: str = ""
    relayed: tuple[Relayed, ...] = ()
    seen: tuple[Seen, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    log: Mapping[str, object] = field(default_factory=dict)
    record: Mapping[str, object] = field(default_factory=dict)
    direction: Literal["outbound", "inbound"] = "outbound"
    identities: tuple[Identity, ...] = ()
    verstat: tuple[str, ...] = ("TN-Validation-Passed",)
    bearer: str = ""
    reasons: tuple[str, ...] = ()
    fetches: int | None = None

    @property
    def inbound(self) -> bool:
        return self.direction == "inbound"


def all_scenarios() -> list[Scenario]:
    folders = sorted(path.parent for path in SCENARIOS.glob("*/scenario.toml"))
    return [scenario for folder in folders for scenario in read_folder(folder)]


def read_folder(folder: Path) -> Iterator[Scenario]:
    """The scenarios of one folder, one a variant; raises KeyError or TypeError for what means nothing."""
    written = tomllib.loads((folder / "scenario.toml").read_text())
    variants = written.pop("variants", [{}])
    if isinstance(variants, str):
        variants = tomllib.loads((SCENARIOS / "parts" / f"{variants}.toml").read_text())["variants"]
    for variant in variants:
        suffix = f"[{variant['id']}]" if variant else ""
        texts = {key: value for key, value in variant.items() if isinstance(value, str)}
        tables = {key: value for key, value in variant.items() if key not in texts}
        yield _scenario(folder, suffix, texts, {**written, **tables})


def _scenario(folder: Path, suffix: str, variant: Mapping[str, str], written: Mapping[str, Any]) -> Scenario:
    values = _values(written, variant)
    rest = _filled({key: value for key, value in written.items() if key not in ("legs", "values")}, values)
    parties = {party: values[party].lstrip("+") for party in ("orig", "dest")}
    made = {
        "relayed": [Relayed(**_tuples(check)) for check in rest.get("relayed", [])],
        "seen": [Seen(**_tuples(check)) for check in rest.get("seen", [])],
        "identities": [Identity(**parties | asked) for asked in rest.get("identities", [])],
    }
    if isinstance(rest.get("verstat"), str):
        rest["verstat"] = [rest["verstat"]]
    return Scenario(
        name=folder.name + suffix,
        legs=_legs(folder, fill_all(written.get("legs", {}), values)),
        values=values,
        **_tuples(rest | made),
    )


def _values(written: Mapping[str, Any], variant: Mapping[str, str]) -> dict[str, str]:
    """What fills {name}; the values that come with a call's direction may hold others themselves."""
    common = DEFAULTS | (INBOUND if written.get("direction") == "inbound" else {})
    values = {**common, **written.get("values", {}), **variant}
    values = {"orig": values["caller"], "dest": values["called"]} | values
    holding = {key: text for key, text in values.items() if key in ("from", "headers")}
    return values | fill_all(holding, values)


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
