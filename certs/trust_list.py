"""The lab STI-PA's list of trusted STI-CAs: a compact JWS (RFC 7515) as in ATIS-1000084. TEST ONLY. Pure.

Each list is signed by a key made for it and then thrown away; its certificate is issued under the STI-PA's and
travels in the header (x5c), so whoever pins pa-root.pem can check every list.
"""

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from certs import pem, profile
from certs.authority import Authority, SerialSource, new_key
from certs.refusal import LabRefused

LIFETIME = timedelta(days=1)
BEGINS = b"eyJ"  # every JWS begins with {" in base64url


@dataclass(frozen=True, slots=True)
class TrustList:
    """What a list of the lab says."""

    sequence: int
    expires: datetime
    trusted: tuple[x509.Certificate, ...]


def make(
    sti_pa: Authority,
    trusted: Iterable[x509.Certificate],
    sequence: int,
    now: datetime,
    serials: SerialSource,
    lifetime: timedelta = LIFETIME,
) -> bytes:
    """The list number `sequence`, which names the roots `trusted` and is in force for `lifetime` from `now`."""
    key = new_key()
    certificate = sti_pa.issue(
        profile.trust_list(key.public_key(), sti_pa.certificate, now, serials(), lifetime)
    )
    payload = {
        "warning": "TEST ONLY",
        "version": 1,
        "sequence": sequence,
        "exp": int((now + lifetime).timestamp()),
        "trustList": [pem.chain(one).decode() for one in trusted],
    }
    return sign(key, {"alg": "ES256", "x5c": [_x5c(certificate), _x5c(sti_pa.certificate)]}, payload)


def sign(key: ec.EllipticCurvePrivateKey, header: object, payload: object) -> bytes:
    """A compact JWS over any `header` and `payload`, whatever they say, signed as ES256 (RFC 7518 §3.4)."""
    signing_input = _part(json.dumps(header).encode()) + b"." + _part(json.dumps(payload).encode())
    r, s = decode_dss_signature(key.sign(signing_input, ec.ECDSA(hashes.SHA256())))
    return signing_input + b"." + _part(r.to_bytes(32) + s.to_bytes(32))


def read(jws: bytes) -> TrustList:
    """What a list made here says, for people to see: nothing is verified. Raises LabRefused."""
    try:
        payload = json.loads(urlsafe_b64decode(jws.split(b".")[1] + b"=="))
        return TrustList(
            sequence=payload["sequence"],
            expires=datetime.fromtimestamp(payload["exp"], UTC),
            trusted=pem.certificates("".join(payload["trustList"]).encode()),
        )
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise LabRefused("this is not a trust list of the lab") from error


def _part(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _x5c(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()
