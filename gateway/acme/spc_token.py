"""SPC tokens: what the STI-PA is asked to vouch for, and whether its answer does (RFC 9448 §5, RFC 9447 §3.1).

The STI-CA judges the token; it is looked at here first because a token for another key, or one that has expired, would cost
the order, and the STI-CA's refusal says less. The signature is the STI-CA's business. This file does no I/O.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

from gateway.acme.failure import AcmeFailed
from gateway.acme.jws import base64url
from gateway.acme.settings import Encoding, Shape
from gateway.stir import passport, tnauthlist

LONGEST = 8_192
"""Characters of a token; a real one has about 900."""

_MARGIN = 30.0  # seconds a token must still be good for, to reach the STI-CA


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a token must say: `scope` is the DER of the TNAuthList, `fingerprint` that of the account key."""

    scope: bytes
    fingerprint: str

    @classmethod
    def of(cls, spc: str, fingerprint: str) -> Wanted:
        """For one service provider code."""
        return cls(tnauthlist.encode([tnauthlist.Spc(spc)]), fingerprint)

    def identifier(self, encoding: Encoding) -> str:
        """The value of the order's identifier: base64url without padding (RFC 9448 §3), or base64 for CAs that want that."""
        return base64url(self.scope) if encoding == "base64url" else b64encode(self.scope).decode("ascii")

    def request(self, shape: Shape) -> dict[str, Any]:
        """The body of the request for a token."""
        encoding: Encoding = "base64" if shape == "atis" else "base64url"
        atc = {
            "tktype": "TNAuthList",
            "tkvalue": self.identifier(encoding),
            "ca": False,
            "fingerprint": self.fingerprint,
        }
        return {"atc": atc} if shape == "atis" else atc

    def check(self, token: str, now: float) -> None:
        """Raise AcmeFailed unless the token will do: token-unreadable, token-expired, token-for-another-scope or -key."""
        claims = _claims(token)
        expires, atc = claims.get("exp"), claims.get("atc")
        if not isinstance(expires, int | float) or not isinstance(claims.get("jti"), str):
            raise AcmeFailed("token-unreadable", "the STI-PA's token lacks exp or jti (RFC 9447 §3.1)")
        if expires < now + _MARGIN:
            raise AcmeFailed(
                "token-expired", "the STI-PA's token has expired: check the clock of this machine"
            )
        if (
            not isinstance(atc, dict)
            or atc.get("tktype") != "TNAuthList"
            or atc.get("ca", False) is not False
        ):
            raise AcmeFailed(
                "token-for-another-scope", "the STI-PA's token is not for an end entity's TNAuthList"
            )
        if _der(atc.get("tkvalue")) != self.scope:
            raise AcmeFailed("token-for-another-scope", "the STI-PA's token is for another service provider")
        if atc.get("fingerprint") != self.fingerprint:
            raise AcmeFailed("token-for-another-key", "the STI-PA's token is for another account key")


def _claims(token: str) -> dict[str, Any]:
    try:
        return passport.parse(token, LONGEST).payload
    except passport.InvalidPassport as error:
        raise AcmeFailed("token-unreadable", f"the STI-PA's token cannot be read: {error.reason}") from None


def _der(value: object) -> bytes | None:
    if not isinstance(value, str):
        return None
    plain = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return None
