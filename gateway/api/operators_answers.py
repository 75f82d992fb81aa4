"""One answer of each kind about keys, certificates, orders, nodes, users and sessions, for the description of the API."""

from __future__ import annotations

from typing import Any

Shown = dict[str, Any]

_SINCE, _UNTIL = "2027-01-15T08:00:00Z", "2028-01-15T08:00:00Z"
_X5U = "https://certs.example.org/certs/616H-2027.pem"
_FINGERPRINT = "5f0b3c6f0a4b7d3f9d0f5a8f6f5f6d1f0c0d9d8b1a5c4e3f2b1a09f8e7d6c5b4"

_KEY: Shown = {
    "id": "4b8e1f6a9c2d",
    "label": "616H",
    "store": "file",
    "made_at": _SINCE,
    "fingerprint": _FINGERPRINT,
    "public_key": "-----BEGIN PUBLIC KEY-----\nMFkw…\n-----END PUBLIC KEY-----\n",
    "certificates": ["616H-2027"],
}

_CERTIFICATE: Shown = {
    "name": "616H-2027",
    "state": "active",
    "active_for": [None],
    "usable": True,
    "problem": None,
    "x5u": _X5U,
    "spc": "616H",
    "subject": "CN=SHAKEN 616H,O=Acme,C=US",
    "issuer": "CN=STI-CA,O=Example,C=US",
    "serial": "7b2f",
    "fingerprint": _FINGERPRINT,
    "not_before": _SINCE,
    "not_after": _UNTIL,
    "days_left": 364.5,
    "key_id": "4b8e1f6a9c2d",
    "installed_at": _SINCE,
    "warnings": [],
    "ended": None,
}

_ORDER: Shown = {
    "name": "616H",
    "spc": "616H",
    "account": None,
    "state": "good",
    "certificate": "616H-2027",
    "not_after": _UNTIL,
    "renewal_at": "2027-12-16T08:00:00Z",
    "next_attempt": "2027-12-16T08:00:00Z",
    "urgency": 0,
    "failures": 0,
    "error": None,
    "renewed_at": _SINCE,
    "order_url": None,
    "begun_at": None,
    "dry_run": None,
}

_USER: Shown = {"name": "alice", "role": "operator", "enabled": True, "totp": True, "made_at": _SINCE}

_TOKEN: Shown = {
    "id": "9f1c2ab7",
    "name": "prometheus",
    "permissions": ["metrics"],
    "made_at": _SINCE,
    "made_by": "user:alice",
    "expires_at": _UNTIL,
    "expired": False,
}

_SESSION: Shown = {
    "id": "c0ffee12",
    "user": "alice",
    "role": "operator",
    "address": "127.0.0.1",
    "began_at": _SINCE,
    "seen_at": "2027-01-15T08:10:00Z",
}

_NODE: Shown = {
    "name": "east",
    "standing": "draining",
    "up": True,
    "ready": False,
    "draining": True,
    "drained": {"since": _SINCE, "who": "user:alice"},
    "host": "stirgw-1",
    "door": "pjsua2",
    "addresses": ["udp:192.0.2.10:5060"],
    "version": "0.1.0",
    "started": _SINCE,
    "seen": "2027-01-15T08:10:00Z",
    "policy_revision": "7",
    "credentials_revision": 12,
    "calls": 3,
    "workers": 8,
    "slots_free": 13,
    "alarms": [],
}

MODELS: dict[str, Shown] = {
    "KeyShown": _KEY,
    "KeyList": {"items": [_KEY], "revision": 12},
    "RequestShown": {
        "csr": "-----BEGIN CERTIFICATE REQUEST-----\nMIIB…\n-----END CERTIFICATE REQUEST-----\n"
    },
    "CertificateShown": _CERTIFICATE,
    "CertificateList": {"items": [_CERTIFICATE], "revision": 12, "in_force": {"sidecar": 12, "edge": 12}},
    "Active": {"account": None, "certificate": "616H-2027", "revision": 12},
    "Sight": {"x5u": _X5U, "reason": "certificate-unreachable", "detail": "connection refused"},
    "AcmeState": {"directory": "https://sti-ca.example.org/directory", "problem": None, "orders": [_ORDER]},
    "NodeRecord": _NODE,
    "NodeList": {"items": [_NODE], "next": None},
    "Me": {"who": "user:alice", "permissions": ["read", "policy", "rotate", "metrics"], "totp": True},
    "Offer": {"secret": "JBSWY3DPEHPK3PXP", "uri": "otpauth://totp/stirgw:alice?secret=JBSWY3DPEHPK3PXP"},
    "UserRecord": _USER,
    "MadeUser": _USER | {"password": "a password that is told once"},
    "UserList": {"items": [_USER]},
    "TokenRecord": _TOKEN,
    "TokenList": {"items": [_TOKEN]},
    "MadeToken": _TOKEN | {"token": "stirgw_ZXhhbXBsZSBvZiBhIHRva2VuLCBub3QgYSByZWFsIG9uZQ"},
    "SessionList": {"items": [_SESSION]},
}
"""By the name of the model."""
