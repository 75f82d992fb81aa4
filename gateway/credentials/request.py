"""The request for a certificate that a CA is sent (RFC 2986): the subject that ATIS-1000080 wants, and the TNAuthList.

This file does no I/O.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.credentials.manifest import refuse
from gateway.stir import tnauthlist
from gateway.trust.credential import TN_AUTH_LIST

_SPC = re.compile(r"[0-9A-Z]{1,20}")  # ATIS-1000080 v005: digits and capitals only
_COUNTRY = re.compile(r"[A-Z]{2}")
_LONGEST_ORGANIZATION = 64  # RFC 5280 appendix A.1, ub-organization-name


@dataclass(frozen=True, slots=True)
class CsrSubject:
    """Whom the certificate is for: service provider code, country (ISO 3166) and legal name."""

    spc: str
    country: str
    organization: str

    def __post_init__(self) -> None:
        if _SPC.fullmatch(self.spc) is None:
            refuse(
                "spc-malformed", f"{self.spc!r} is no service provider code: digits and capitals, like 616H"
            )
        if _COUNTRY.fullmatch(self.country) is None:
            refuse("country-malformed", f"{self.country!r} is no country: two capitals, like US")
        if (
            not 0 < len(self.organization.strip()) <= _LONGEST_ORGANIZATION
            or not self.organization.isprintable()
        ):
            refuse(
                "organization-malformed",
                f"an organization has 1 to {_LONGEST_ORGANIZATION} printable characters",
            )


def signing_request(key: EllipticCurvePrivateKey, subject: CsrSubject) -> bytes:
    """The DER of a request signed with `key`: C, O, CN = `SHAKEN <SPC>` (ATIS-1000080 §6.4.1) and a TNAuthList of the one
    SPC (RFC 9448 §4)."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, subject.country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject.organization),
            x509.NameAttribute(NameOID.COMMON_NAME, f"SHAKEN {subject.spc}"),
        ]
    )
    scope = x509.UnrecognizedExtension(TN_AUTH_LIST, tnauthlist.encode([tnauthlist.Spc(subject.spc)]))
    request = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(scope, critical=False)
    return request.sign(key, SHA256()).public_bytes(Encoding.DER)
