"""One entry of each kind, for the description of the API; a test stores them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.store.resources import Resource

ENTRIES: Mapping[str, Mapping[str, Any]] = {
    "accounts": {
        "id": "acme",
        "name": "Acme Corporation",
        "addresses": ["192.0.2.128/25"],
        "lists": [{"group": "nuisance", "party": "callee", "kind": "black"}],
        "permits": {"deny_callees": ["881", "882"], "premium": False},
        "geofence": {"deny_callee_countries": ["BS"]},
        "limits": {"concurrent": 30, "cps": 5, "spend_per_day": "100.00", "rates": "standard"},
    },
    "number-sections": {"name": "acme-1", "begin": "+12155550100", "end": "+12155550199", "account": "acme"},
    "authorisations": {
        "name": "letter-7",
        "begin": "+12155550300",
        "end": "+12155550309",
        "account": "acme",
        "valid_from": "2027-01-01",
        "valid_until": "2027-12-31",
    },
    "areas": {"prefix": "1215", "name": "Philadelphia"},
    "list-groups": {"name": "nuisance", "memo": "complaints since spring"},
    "system-whitelist": {"number": "+12155550911", "memo": "operations"},
    "rates": {"table": "standard", "prefix": "44", "per_minute": "0.0125", "increment": 6},
    "address-ranges": {"network": "198.51.100.0/24", "feed": "tor-exits", "until": "2027-02-01T00:00:00Z"},
    "peers": {
        "name": "vos3000",
        "role": "softswitch",
        "addresses": ["192.0.2.10"],
        "next_hops": ["udp:192.0.2.10:5060"],
        "account": "acme",
    },
    "number-transforms": {"peer": "vos3000", "party": "callee", "original": "011", "target": "+"},
    "routes": {"prefix": "1", "to": ["vos3000"], "name": "home"},
}


def of(resource: Resource) -> Mapping[str, Any]:
    """An entry of this kind."""
    return ENTRIES[resource.name]
