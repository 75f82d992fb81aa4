"""The calls of the demonstration, as data: who calls whom, which SIPp legs play it, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SCENARIOS = Path(__file__).resolve().parents[1]
OWNED, FOREIGN, CALLED = "+12155550123", "+12125550199", "+13035550123"
ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'


@dataclass(frozen=True, slots=True)
class Call:
    """One call and its expectation.

    `legs` maps roles (see `lab.HOSTS`) to SIPp legs: `name` of scenarios/parts/legs, or `folder/name` of a scenario.
    `code` is the final answer the caller must see, None for silence; `by` the carrier that must get the call last, None
    for no carrier at all; `attest` what its INVITE must carry: a level, "unsigned", or "untouched" for the Identity the
    caller sent; `rule` the Reason the gateway must give. `same_bodies`: offer and answer must arrive byte for byte.
    `values` fill the {name} of the legs.
    """

    kind: str
    legs: Mapping[str, str]
    code: int | None = 200
    by: str | None = "carrier"
    attest: str = "unsigned"
    caller: str = OWNED
    called: str = CALLED
    rule: str = ""
    same_bodies: bool = False
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        """The expectation in a few words."""
        if self.by is None:
            return "silence" if self.code is None else str(self.code)
        return f"{self.code}, {self.attest}" + ("" if self.by == "carrier" else f", {self.by}")

    @property
    def from_header(self) -> str:
        """The From value, its caller for SIPp to fill in."""
        return self.values.get("from", f'"Acme" <sip:{self.caller}@[local_ip]:[local_port]>')


def leg_file(name: str) -> Path:
    """Where a leg lies."""
    return SCENARIOS / (f"{name}.xml" if "/" in name else f"parts/legs/{name}.xml")


_TALKS, _ANSWERS = "calls-then-hangs-up", "answers"
_UNAVAILABLE = {"code": "503", "phrase": "Service Unavailable", "cause": "42"}
_BUSY = {"code": "486", "phrase": "Busy Here", "cause": "17"}
_BODIES = "offer-and-answer-pass-byte-for-byte"

CALLS = (
    Call("customer, own number", {"vos3000": _TALKS, "carrier": _ANSWERS}, attest="A"),
    Call(
        "customer, number of somebody else",
        {"vos3000-b": _TALKS, "carrier": _ANSWERS},
        attest="B",
        caller=FOREIGN,
    ),
    Call("transit", {"transit": _TALKS, "carrier": _ANSWERS}, attest="C", caller=FOREIGN),
    Call("peer without an account", {"nobody": _TALKS, "carrier": _ANSWERS}, caller=FOREIGN),
    Call(
        "anonymous caller",
        {"vos3000": _TALKS, "carrier": _ANSWERS},
        caller="anonymous",
        values={"from": ANONYMOUS},
    ),
    Call("emergency", {"vos3000": _TALKS, "carrier": _ANSWERS}, attest="A", called="911"),
    Call(
        "G.729 only, bodies untouched",
        {"vos3000": f"{_BODIES}/vos3000", "carrier": f"{_BODIES}/carrier"},
        attest="A",
        same_bodies=True,
        values={"offer": "g729"},
    ),
    Call(
        "Identity already present",
        {"vos3000": "identity-already-present-passes-untouched/vos3000", "carrier": _ANSWERS},
        attest="untouched",
    ),
    Call("callee busy", {"vos3000": "is-refused", "carrier": "refuses"}, code=486, attest="A", values=_BUSY),
    Call(
        "cancelled while ringing",
        {
            "vos3000": "gives-up-while-ringing",
            "carrier": "rings-until-given-up",
        },
        code=487,
        attest="A",
    ),
    Call(
        "first carrier answers 503",
        {"vos3000": _TALKS, "carrier": "refuses", "backup": _ANSWERS},
        by="backup",
        attest="A",
        values=_UNAVAILABLE,
    ),
    Call(
        "first carrier silent",
        {"vos3000": _TALKS, "carrier": "stays-silent", "backup": _ANSWERS},
        by="backup",
        attest="A",
    ),
    Call(
        "called number unreadable",
        {"vos3000": "is-refused"},
        code=484,
        by=None,
        called="12",
        rule="callee.too-short",
        values={"code": "484"},
    ),
    Call(
        "called number on a black list",
        {"vos3000": "is-refused"},
        code=603,
        by=None,
        called="+14045559999",
        rule="list.black:account/acme/nuisance",
        values={"code": "603"},
    ),
    Call(
        "+1 242, the Bahamas",
        {"vos3000": "is-refused"},
        code=603,
        by=None,
        called="+12425550123",
        rule="geofence.callee-country:account/acme/BS",
        values={"code": "603"},
    ),
    Call(
        "prefix taken off by a transform",
        {"nobody": _TALKS, "carrier": _ANSWERS},
        called=f"7777{CALLED.removeprefix('+')}",
        caller="+12125550199",
    ),
    Call(
        "number with a letter of authorisation",
        {"vos3000-b": _TALKS, "carrier": _ANSWERS},
        attest="A",
        caller="+13035550105",
    ),
    Call("unknown source", {"stranger": "asks-in-vain"}, code=None, by=None, values={"method": "INVITE"}),
)
