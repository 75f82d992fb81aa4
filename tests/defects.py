"""The ways in which a call can be wrong, in the order in which the engine looks for them.

A `Defect` says what of the world makes it so; a `World` is data, so that two of them can be joined: `DEFECTS` one at a time
show rule and code, two at a time the order, all of them together what a call for help passes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from ipaddress import ip_network
from typing import Any

from gateway.decision import Deliver, Forward, Refuse
from gateway.engine import Explanation
from gateway.policy.areas import Area
from gateway.policy.blocks import Block, BlockType
from gateway.policy.geofence import AddressRange, Fence
from gateway.policy.limits import Limits
from gateway.policy.lists import Attachment, Party
from gateway.policy.permits import Permits
from gateway.policy.rates import Rate
from gateway.stir.verdict import Verdict
from tests.exchange import CALLEE, NOW, OWNED, PASSED, SOURCE, Exchange, Lent, account, peer, policy

BRITISH = "449091234567"
"""Premium and abroad, so that it can be wrong in every way in which a called number can."""

World = Mapping[str, Any]
"""What is not as usual: "peer" and "account" by their fields, terms by theirs; "parameters"; "policy", other data;
"blocks"; "credential"; "call", what it says."""

_TERMS = {"permits": Permits, "fence": Fence, "limits": Limits}
_GROUPS = {"bad-callers": [OWNED], "few-callers": [CALLEE], "bad-callees": [BRITISH], "few-callees": [CALLEE]}
_RATES = (Rate("retail", "44", 600_000), Rate("local", "1", 10_000))
_AREAS = (Area("1215", "Philadelphia"), Area("44", "Britain"))


def joined(one: Any, other: Any) -> Any:
    """Two worlds in one; where both cannot be, it is as the first has it."""
    match one, other:
        case dict(), dict():
            return other | one | {key: joined(one[key], other[key]) for key in one.keys() & other.keys()}
        case tuple(), tuple():
            return one + other
        case frozenset(), frozenset():
            return one | other
        case _:
            return one


def exchange(world: World, brings: str = "vos3000") -> Exchange:
    """The exchange of a world whose peer is the softswitch or the carrier: whichever brings the call."""
    data: dict[str, Any] = {
        "groups": _GROUPS,
        "rates": _RATES,
        "areas": _AREAS,
        "parameters": world.get("parameters"),
    }
    entries = (
        peer(brings, **_fields(world.get("peer", {}))),
        account("acme", **_fields(world.get("account", {}))),
    )
    snapshot = policy(*entries, **data, **world.get("policy", {}))
    return Exchange(snapshot, world.get("blocks", ()), world.get("credential", Lent()))


def _fields(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _TERMS[key](**value) if key in _TERMS else value for key, value in changes.items()}


def said(world: World) -> dict[str, Any]:
    return {"callee": BRITISH, "country": "RU", "source": SOURCE, **world.get("call", {})}


def decide(world: World) -> Refuse | Forward:
    return exchange(world).decide(**said(world))


def explain(world: World) -> Explanation:
    return exchange(world).explain(**said(world))


def decide_inbound(world: World, verdict: Verdict = PASSED) -> Refuse | Deliver:
    """The same call brought by the carrier, which has the account of the softswitch."""
    node = exchange(joined({"peer": {"account": "acme"}}, world), "carrier")
    return node.decide_inbound(verdict=verdict, **said(world))


@dataclass(frozen=True)
class Defect:
    """What refuses a call: the check, the rule, what of the world makes it so, and the code if the rule has its own."""

    check: str
    rule: str
    world: World
    code: int | None = None


def blocked(type: BlockType, subject: str) -> World:
    return {"blocks": (Block(type, subject, NOW, NOW + 60, "by-hand"),)}


def attached(group: str, party: Party, kind: Any) -> World:
    return {"lists": (Attachment(group, party, kind),)}


BY_TERMS: dict[str, dict[str, World]] = {
    "caller and callee": {"caller.too-long:{owner}": {"permits": {"max_caller_length": 10}}},
    "black and white groups": {
        "list.black:{owner}/bad-callers": attached("bad-callers", "caller", "black"),
        "list.white:{owner}/few-callers": attached("few-callers", "caller", "white"),
        "list.black:{owner}/bad-callees": attached("bad-callees", "callee", "black"),
        "list.white:{owner}/few-callees": attached("few-callees", "callee", "white"),
    },
    "prefixes": {
        "prefix.caller-denied:{owner}/1215": {"permits": {"deny_callers": ("1215",)}},
        "prefix.caller-not-allowed:{owner}": {"permits": {"allow_callers": ("7",)}},
        "prefix.callee-denied:{owner}/4490": {"permits": {"deny_callees": ("4490",)}},
        "prefix.callee-not-allowed:{owner}": {"permits": {"allow_callees": ("7",)}},
        "prefix.international:{owner}": {"permits": {"international": False}},
        "prefix.premium:{owner}": {"permits": {"premium": False}},
    },
    "geofence": {
        "geofence.source-country:{owner}/RU": {"fence": {"deny_source_countries": frozenset({"RU"})}},
        "geofence.caller-country:{owner}/US": {"fence": {"deny_caller_countries": frozenset({"US"})}},
        "geofence.caller-area:{owner}/Philadelphia": {
            "fence": {"deny_caller_areas": frozenset({"Philadelphia"})}
        },
        "geofence.callee-country:{owner}/GB": {"fence": {"allow_callee_countries": frozenset({"US"})}},
        "geofence.callee-area:{owner}/Britain": {
            "fence": {"allow_callee_areas": frozenset({"Philadelphia"})}
        },
    },
    "limits": {
        "limit.no-rate:{owner}": {"limits": {"spend_per_day": 10**9, "rates": "local"}},
        "limit.concurrent:{owner}": {"limits": {"concurrent": 0}},
        "limit.cps:{owner}": {"limits": {"cps": 0}},
        "limit.spend:{owner}": {"limits": {"spend_per_day": 0, "rates": "retail"}},
    },
}


def by_terms(check: str) -> Iterator[Defect]:
    """What one check finds wrong by the terms of the peer, then by those of the account."""
    for whose, owner in (("peer", "peer/vos3000"), ("account", "account/acme")):
        for rule, terms in BY_TERMS[check].items():
            yield Defect(check, rule.format(owner=owner), {whose: terms})


ELSEWHERE = {
    "account": {"addresses": (ip_network("203.0.113.0/24"),)},
    "parameters": {"SS_ACCESS_IP_CHECK": 1},
}
TOR = {"policy": {"address_ranges": (AddressRange(ip_network("192.0.2.0/24"), "tor-exits"),)}}

DEFECTS = (
    Defect("address", "access.blocked:address", blocked("access", SOURCE)),
    Defect("address", "geofence.feed:tor-exits", TOR),
    Defect("account and lock", "account.disabled", {"account": {"enabled": False}}),
    Defect("account and lock", "account.locked", blocked("account", "acme")),
    Defect("account and lock", "access.address:account/acme", ELSEWHERE),
    Defect("caller and callee", "callee.not-a-number", {"call": {"callee": "alice"}}, 484),
    Defect("caller and callee", "caller.too-long", {"parameters": {"SS_CALLERALLOWLENGTH": 10}}),
    *by_terms("caller and callee"),
    Defect("dynamic black list", "dynamic.malicious-call:caller", blocked("malicious-call", OWNED)),
    Defect("dynamic black list", "dynamic.no-answer:caller", blocked("no-answer", OWNED)),
    Defect("dynamic black list", "dynamic.malicious-call:callee", blocked("malicious-call", BRITISH)),
    Defect("dynamic black list", "dynamic.no-answer:callee", blocked("no-answer", BRITISH)),
    *by_terms("black and white groups"),
    *by_terms("prefixes"),
    *by_terms("geofence"),
    *by_terms("limits"),
    Defect(
        "attestation",
        "caller.anonymous",
        {"call": {"caller": "anonymous"}, "policy": {"unmatched": "refuse"}},
    ),
    Defect("certificate", "certificate.none", {"credential": None}, 503),
    Defect("route", "route.none", {"policy": {"routes": ()}}, 404),
)
ONLY_OUTBOUND = ("account and lock", "attestation", "certificate")
INBOUND_DEFECTS = tuple(each for each in DEFECTS if each.check not in ONLY_OUTBOUND)


def rule_of(value: object) -> str | None:
    """What a case is called."""
    return value.rule if isinstance(value, Defect) else None


def from_carrier(rule: str) -> str:
    return rule.replace("peer/vos3000", "peer/carrier")


def everything(defects: Sequence[Defect]) -> World:
    """All of it wrong at once, but for the want of a way to carry the call."""
    worlds: Iterator[World] = (each.world for each in defects if each.check != "route")
    return reduce(joined, worlds)
