"""Requests as ACME wants them: a JWS in flattened JSON, signed with the account key (RFC 8555 §6.2). ES256 alone.

The key is whatever signs like one, so that it may be inside a token. This file does no I/O.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from hmac import digest
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_ES256 = ECDSA(SHA256())
_SIZE = 32  # bytes of a coordinate on P-256, and of either half of a signature (RFC 7518 §3.4, §6.2.1)


class SigningKey(Protocol):
    """A P-256 private key, wherever it is."""

    def sign(self, data: bytes, signature_algorithm: ECDSA) -> bytes: ...

    def public_key(self) -> EllipticCurvePublicKey: ...


def base64url(data: bytes) -> str:
    """Without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def jwk(key: EllipticCurvePublicKey) -> dict[str, str]:
    """The public key as a JWK, its members in the order that a thumbprint wants (RFC 7638 §3)."""
    numbers = key.public_numbers()
    x, y = (base64url(each.to_bytes(_SIZE)) for each in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def fingerprint(key: EllipticCurvePublicKey) -> str:
    """The account key as an SPC token names it: the thumbprint of its JWK, in hexadecimal pairs (RFC 9448 §5.4)."""
    return f"SHA256 {sha256(_json(jwk(key))).digest().hex(':').upper()}"


def signed(key: SigningKey, url: str, nonce: str, payload: Any, account: str | None) -> bytes:
    """The body of a request to `url`. payload: any JSON value, None for POST-as-GET (§6.3). account: its URL, None where
    the request carries the key itself, because there is no account yet."""
    who = {"jwk": jwk(key.public_key())} if account is None else {"kid": account}
    protected = base64url(_json({"alg": "ES256", **who, "nonce": nonce, "url": url}))
    body = "" if payload is None else base64url(_json(payload))
    r, s = decode_dss_signature(key.sign(f"{protected}.{body}".encode("ascii"), _ES256))
    return _flattened(protected, body, r.to_bytes(_SIZE) + s.to_bytes(_SIZE))


def bound(key: EllipticCurvePublicKey, url: str, kid: str, secret: bytes) -> dict[str, str]:
    """The account key, vouched for by what a CA gave its customer (external account binding, RFC 8555 §7.3.4)."""
    protected = base64url(_json({"alg": "HS256", "kid": kid, "url": url}))
    body = base64url(_json(jwk(key)))
    mac = digest(secret, f"{protected}.{body}".encode("ascii"), "sha256")
    return {"protected": protected, "payload": body, "signature": base64url(mac)}


def _flattened(protected: str, payload: str, signature: bytes) -> bytes:
    return _json({"protected": protected, "payload": payload, "signature": base64url(signature)})


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
