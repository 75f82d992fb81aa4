"""One answer of each kind, for the description of the API; a test holds each against its schema."""

from __future__ import annotations

from typing import Any

Shown = dict[str, Any]

SECTION: Shown = {
    "name": "acme-1",
    "begin": "+12155550100",
    "end": "+12155550199",
    "account": "acme",
    "account_name": "Acme Corporation",
}

BLOCK: Shown = {
    "id": 7,
    "type": "malicious-call",
    "type_name": "Malicious Call",
    "subject": "12155550100",
    "number": "+12155550100",
    "why": "attempts",
    "active": True,
    "effective": "2027-01-15T08:00:00Z",
    "expires": "2027-01-15T09:00:00Z",
    "last_call": "2027-01-15T07:59:58Z",
    "node": "node-1",
}

CHANGE: Shown = {
    "id": 41,
    "at": "2027-01-15T08:00:00Z",
    "who": "api:127.0.0.1",
    "action": "changed",
    "resource": "areas",
    "key": "1215",
    "revision": 12,
    "before": {"prefix": "1215", "name": "Philadelphia"},
    "after": {"prefix": "1215", "name": "Philadelphia, Pennsylvania"},
}

CALL: Shown = {
    "id": "0198a7c2-5f0e-7c11-8a53-0b5a1f6f2d10",
    "node": "node-1",
    "at": "2027-01-15T08:00:00Z",
    "ended_at": "2027-01-15T08:01:03Z",
    "direction": "outbound",
    "peer": "vos3000",
    "account": "acme",
    "source": "192.0.2.10",
    "caller_dialled": "2155550100",
    "callee_dialled": "12125550123",
    "caller": "12155550100",
    "callee": "12125550123",
    "carrier": "carrier-1",
    "rule": "section:acme-1",
    "attest": "A",
    "origid": "123e4567-e89b-12d3-a456-426655440000",
    "iat": 1800000000,
    "code": 200,
    "ended_by": "caller",
    "answered_ms": 3120.5,
    "duration_ms": 60000.0,
}

TRACE: Shown = {
    "call": CALL,
    "attempts": [CALL],
    "more": False,
    "facts": [
        {"resource": "number-sections", "key": "acme-1", "entry": {"name": "acme-1"}, "changed": False}
    ],
}

EXPLAINED: Shown = {
    "outcome": "refused",
    "rule": "geofence.callee-country:account/acme/BS",
    "code": 603,
    "account": "acme",
    "caller": "12155550100",
    "callee": "12425550123",
    "checks": [
        {
            "number": 11,
            "name": "geofence",
            "saw": {"callee country": "BS"},
            "decided": "refuses: geofence.callee-country:account/acme/BS",
        }
    ],
}

UPLOAD: Shown = {
    "id": "0e2b7ad8-9f3a-4f8e-9b51-64c8f5a0c7de",
    "group": "nuisance",
    "mode": "replace",
    "state": "done",
    "received": 14000000,
    "size": 14000000,
    "numbers": 1000000,
    "started": "2027-01-15T08:00:00Z",
    "ended": "2027-01-15T08:00:06Z",
}

_IDENTITY = "eyJhbGci...;info=<https://certs.example.org/616H.pem>;alg=ES256;ppt=shaken"
_FAILED: Shown = {
    "reasoncode": 437,
    "reasontext": "Unsupported Credential",
    "verstat": "TN-Validation-Failed",
}

SIGNED: dict[str, Shown] = {
    "ATIS-1000082": {"signingResponse": {"identity": _IDENTITY, "identityHeader": _IDENTITY}},
    "3GPP TS 24.229": {"signingResponse": {"identityHeader": _IDENTITY, "requestId": "call-1"}},
}

VERIFIED: dict[str, Shown] = {
    "ATIS-1000082, passed": {"verificationResponse": {"verstat": "TN-Validation-Passed"}},
    "ATIS-1000082, failed": {"verificationResponse": _FAILED},
    "3GPP TS 24.229": {
        "verificationResponse": {
            "verstatValue": "TN-Validation-Failed",
            "verifyResults": [{"verifyResult": {"ppt": "shaken", "status": "fail", "reasonCode": 437}}],
        }
    },
}


def page(item: object, after: str) -> Shown:
    """A page that holds one item, and what the next page comes after."""
    return {"items": [item], "next": after}
