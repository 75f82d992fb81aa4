"""SPC tokens of the lab's STI-PA: a JWT that says which account key may ask for which service provider's certificate.

The claims are those of RFC 9447 §3.1 and RFC 9448 §5: exp, jti, and atc with tktype, tkvalue, ca and fingerprint.
`issue` is the STI-PA's side, `judge` the STI-CA's, which knows the STI-PA by its certificate.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import BaseModel, ConfigDict, ValidationError

from certs.authority import Authority
from certs.online.problem import Refused

LIFETIME = timedelta(hours=1)


class Atc(BaseModel):
    """What a token vouches for (RFC 9448 §5.4). tkvalue: the DER of the TNAuthList, base64 or base64url."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    tktype: str
    tkvalue: str
    ca: bool = False
    fingerprint: str


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """Who signs tokens, and where the chain is served that proves it."""

    party: Authority
    x5u: str


def issue(signer: TokenSigner, atc: Atc, now: datetime, lifetime: timedelta = LIFETIME) -> str:
    """A token for `atc`, good for `lifetime` from `now`."""
    claims = {"exp": int((now + lifetime).timestamp()), "jti": str(uuid4()), "atc": atc.model_dump()}
    return jwt.encode(claims, signer.party.key, algorithm="ES256", headers={"x5u": signer.x5u})


def judge(
    token: str, signer: TokenSigner, sti_pa: x509.Certificate, tkvalue: str, thumbprint: bytes, now: datetime
) -> None:
    """Raise Refused (unauthorized) unless the token lets the key with this thumbprint have a certificate for `tkvalue`."""
    claims = _claims(token, signer, sti_pa)
    if claims["exp"] < now.timestamp():
        raise Refused("unauthorized", "the token has expired", 403)
    try:
        atc = Atc.model_validate(claims["atc"])
    except ValidationError:
        raise Refused("unauthorized", "the token's atc cannot be read", 403) from None
    if atc.tktype != "TNAuthList" or der(atc.tkvalue) != der(tkvalue) or atc.ca:
        raise Refused("unauthorized", "the token is for another TNAuthList", 403)
    if atc.fingerprint != fingerprint(thumbprint):
        raise Refused("unauthorized", "the token is for another account key", 403)


def _claims(token: str, signer: TokenSigner, sti_pa: x509.Certificate) -> dict[str, Any]:
    try:
        signer.party.certificate.verify_directly_issued_by(sti_pa)
        key = signer.party.certificate.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        found = jwt.decode_complete(
            token,
            key,
            algorithms=["ES256"],
            options={"require": ["exp", "jti", "atc"], "verify_exp": False},  # by our clock, not PyJWT's
        )
    except (jwt.InvalidTokenError, InvalidSignature) as error:
        raise Refused("unauthorized", f"the token is not the STI-PA's: {error}", 403) from None
    if found["header"].get("x5u") != signer.x5u:
        raise Refused("unauthorized", "the token's x5u is not the STI-PA's", 403)
    claims: dict[str, Any] = found["payload"]
    return claims


def fingerprint(thumbprint: bytes) -> str:
    """A thumbprint as RFC 9448 §5.4 writes it."""
    return f"SHA256 {thumbprint.hex(':').upper()}"


def base64url(data: bytes) -> str:
    """Without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def der(text: str) -> bytes:
    """The bytes behind base64 or base64url, padded or not; raises Refused."""
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise Refused("malformed", f"{text!r} is not base64url") from None
