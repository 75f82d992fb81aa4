"""A policy with one of everything, for tests to change."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

WHO = "the test"

_POLICY: dict[str, Any] = {
    "country": "US",
    "parameters": {"SS_BLACK_LIST_NO_ANSWER_LIMIT": 50, "time_zone": "America/New_York"},
    "accounts": [
        {"id": "acme", "name": "Acme", "addresses": ["192.0.2.128/25"]},
        {
            "id": "bravo",
            "name": "Bravo",
            "kind": "transit",
            "lists": [
                {
                    "group": "nuisance",
                    "party": "callee",
                    "kind": "black",
                    "window": {
                        "days": ["mon", "fri"],
                        "begin": "22:00",
                        "end": "06:00",
                        "zone": "Europe/Paris",
                    },
                }
            ],
            "permits": {"deny_callees": ["881", "+882"], "premium": False, "max_caller_length": 15},
            "geofence": {"deny_callee_countries": ["BS"], "allow_caller_areas": ["Philadelphia"]},
            "limits": {"concurrent": 10, "cps": 2, "spend_per_day": "100.00", "rates": "retail"},
        },
    ],
    "number-sections": [
        {"name": "first", "begin": "+1 (215) 555-0100", "end": "215-555-0199", "account": "acme"},
        {"name": "abroad", "begin": "+4930123456", "end": "+4930123499", "account": "acme"},
    ],
    "authorisations": [
        {
            "name": "letter",
            "account": "bravo",
            "begin": "+12155550100",
            "end": "+12155550109",
            "valid_from": "2027-01-01",
            "valid_until": "2027-12-31T18:00:00-05:00",
        }
    ],
    "areas": [{"prefix": "1215", "name": "Philadelphia"}, {"prefix": "44", "name": "United Kingdom"}],
    "list-groups": [{"name": "nuisance", "memo": "they ring at night", "numbers": ["2155550111", "0000"]}],
    "system-whitelist": [{"number": "+12155550123", "memo": "the hospital"}],
    "rates": [
        {"table": "retail", "prefix": "", "per_minute": "0.5"},
        {"table": "retail", "prefix": "1", "per_minute": "0.0125", "increment": 6},
    ],
    "address-ranges": [{"network": "198.51.100.0/24", "feed": "tor", "until": "2027-06-01T00:00:00Z"}],
    "peers": [
        {
            "name": "switch",
            "role": "softswitch",
            "addresses": ["192.0.2.1", "2001:db8::/64"],
            "account": "acme",
            "tell": {"display": {"A": "[V] "}, "next_hops": {"failed": ["udp:192.0.2.1:5062"]}},
        },
        {
            "name": "carrier",
            "role": "carrier",
            "country": "GB",
            "next_hops": ["tls:[2001:db8::9]:5061", "udp:carrier.example"],
            "emergency": ["999"],
            "pass_headers": [],
            "try_next_after": "1500ms",
            "tls": {"ca": "/etc/ca.pem"},
            "verification": {"replayed": "reject"},
        },
    ],
    "number-transforms": [{"peer": "switch", "party": "callee", "original": "9*", "target": "*"}],
    "routes": [{"prefix": "", "to": ["carrier"]}],
}


def policy(**changed: Any) -> dict[str, Any]:
    """The policy with other resources in place of its own; "_" in a name stands for "-"."""
    return deepcopy(_POLICY) | {name.replace("_", "-"): entries for name, entries in changed.items()}


def one(resource: str, place: int = 0, **changed: Any) -> dict[str, Any]:
    """One entry of the policy, with other values in place of its own."""
    entry: dict[str, Any] = deepcopy(_POLICY[resource][place]) | changed
    return entry
