"""What one X.509 certificate states, read out of its extensions; whether that is true is for `path` and `chain` to say.

A certificate is parsed lazily by the library, so `parse_whole` touches every part once: what cannot be read then fails
there, and nowhere later. This file does no I/O.
"""

import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

UNPARSABLE = (
    ValueError,
    TypeError,  # a subject with an oddly typed attribute
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""All that cryptography raises for a certificate or a revocation list that it cannot parse."""

_FETCHABLE = ("http://", "https://")

_Value = TypeVar("_Value", bound=x509.ExtensionType)

# That a stranger's certificate has a country of three letters, or the serial number 0, is nothing to tell on stderr.
warnings.filterwarnings("ignore", category=UserWarning, module=r"gateway\.stir\.(certificate|chain|crl|path)")


def parse_whole(certificate: x509.Certificate) -> None:
    """Touch what the library parses when it is first asked for; one of UNPARSABLE where that fails."""
    _ = certificate.extensions, certificate.subject, certificate.issuer, certificate.serial_number
    _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc


def extension(certificate: x509.Certificate, kind: type[_Value]) -> _Value | None:
    """The value of the extension, None where the certificate has none."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def raw_extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes | None:
    """The DER of an extension that the library does not know, None where the certificate has none."""
    try:
        return certificate.extensions.get_extension_for_oid(oid).value.public_bytes()
    except x509.ExtensionNotFound:
        return None


def p256_key(certificate: x509.Certificate) -> EllipticCurvePublicKey | None:
    """Its key, if that is one on P-256."""
    try:
        key = certificate.public_key()
    except UNPARSABLE:
        return None
    return key if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1) else None


def is_ca(certificate: x509.Certificate) -> bool:
    """Whether it may issue certificates; one that does not say so may not (RFC 5280 §4.2.1.9)."""
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def is_self_issued(certificate: x509.Certificate) -> bool:
    """RFC 5280 §6.1: it names the same party twice, and does not count for a path's length."""
    return certificate.subject == certificate.issuer


def window(certificate: x509.Certificate) -> tuple[float, float]:
    """notBefore and notAfter in epoch seconds; both belong to the time in which it is valid."""
    return certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()


@lru_cache(maxsize=1024)
def name_key(name: x509.Name) -> str:
    """One text for all ways to write a distinguished name: string type, case and runs of space do not tell names
    apart (RFC 5280 §7.1)."""
    return repr(
        [
            sorted((each.oid.dotted_string, " ".join(str(each.value).casefold().split())) for each in rdn)
            for rdn in name.rdns
        ]
    )


def crl_urls(certificate: x509.Certificate) -> Iterator[str]:
    """Where its revocation is published, over http or https (RFC 5280 §4.2.1.13)."""
    for point in extension(certificate, x509.CRLDistributionPoints) or ():
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(_FETCHABLE):
                yield name.value


def crl_issuers(certificate: x509.Certificate) -> Iterator[str]:
    """Who may publish its revocation, by `name_key`: its issuer, and whom it names besides (cRLIssuer)."""
    yield name_key(certificate.issuer)
    for point in extension(certificate, x509.CRLDistributionPoints) or ():
        for name in point.crl_issuer or ():
            if isinstance(name, x509.DirectoryName):
                yield name_key(name.value)
