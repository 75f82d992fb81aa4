"""The rules on a certificate's fields: ATIS-1000080 v005 §6.4.1.1, and the subject, §6.4.1."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from gateway.stir import tnauthlist
from gateway.stir.lint.rule import (
    V004,
    V005,
    Departs,
    Doubtful,
    Examined,
    NotApplicable,
    Rule,
    attributes,
    rule,
)

LONGEST_SERIAL = 160
"""Bits: 20 octets (RFC 5280 §4.1.2.2)."""

SURELY_SHORT = 56
"""Bits. A random number of 64 bits comes out shorter than itself every other time, but that short once in 256."""

SOON_DAYS = 14
"""Days before its end at which a certificate is warned of."""


@rule("ATIS-1000080 §6.4.1.1")
def version(one: Examined) -> str:
    """Version 3, which has extensions."""
    if one.certificate.version is not x509.Version.v3:
        raise Departs("not version 3")
    return "version 3"


@rule("ATIS-1000080 §6.4.1.1")
def serial_number(one: Examined) -> str:
    """Positive; from v005 with 64 random bits, of which a single number shows only that there are too few."""
    serial = one.certificate.serial_number
    if serial <= 0:
        raise Departs("not a positive number")
    bits = serial.bit_length()
    if bits > LONGEST_SERIAL:
        raise Departs(f"{bits} bits where RFC 5280 §4.1.2.2 allows {LONGEST_SERIAL}")
    if bits < SURELY_SHORT:
        raise Departs(f"{bits} bits where 64 random ones are wanted", V005)
    if bits < 64:
        raise Doubtful(f"{bits} bits: 64 random ones only if it came out small")
    return f"{bits} bits"


@rule("ATIS-1000080 §6.4.1.1")
def signature_algorithm(one: Examined) -> str:
    """ecdsa-with-SHA256."""
    found = one.certificate.signature_algorithm_oid
    if found != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        raise Departs(f"{_named(found)}, not ecdsa-with-SHA256")
    return "ecdsa-with-SHA256"


@rule("ATIS-1000080 §6.4.1.1")
def public_key(one: Examined) -> str:
    """An elliptic curve key on P-256, which ES256 needs."""
    key = one.certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Departs("not an elliptic curve key")
    if not isinstance(key.curve, ec.SECP256R1):
        raise Departs(f"on {key.curve.name}, not P-256")
    return "P-256"


@rule("RFC 5280 §4.1.2.5")
def validity(one: Examined) -> str:
    """Valid now, and not about to end."""
    begin, end = one.certificate.not_valid_before_utc, one.certificate.not_valid_after_utc
    if one.now > end:
        raise Departs(f"expired on {end:%Y-%m-%d}")
    if one.now < begin:
        raise Departs(f"not valid before {begin:%Y-%m-%d %H:%M} UTC")
    if (end - one.now).days < SOON_DAYS:
        raise Doubtful(f"ends on {end:%Y-%m-%d}")
    return f"until {end:%Y-%m-%d}"


@rule("ATIS-1000080 §6.4.1")
def subject_country(one: Examined) -> str:
    """One C, from v005 an ISO 3166-1 code in capitals (US under the US policy)."""
    countries = attributes(one.certificate.subject, NameOID.COUNTRY_NAME)
    if len(countries) != 1:
        raise Departs(f"{len(countries) or 'no'} C in the subject")
    code = countries[0]
    if not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
        raise Departs(f"C={code} is no ISO 3166-1 code", V005)
    return f"C={code}"


@rule("ATIS-1000080 §6.4.1")
def subject_organization(one: Examined) -> str:
    """From v004 an O, the legal name of the service provider or STI-CA."""
    organizations = attributes(one.certificate.subject, NameOID.ORGANIZATION_NAME)
    if not any(organizations):
        raise Departs("no O in the subject", V004)
    return f"O={organizations[0]}"


@rule("ATIS-1000080 §6.4.1")
def subject_common_name(one: Examined) -> str:
    """A leaf's is `SHAKEN <SPC>` to the letter from v004; a CA's has SHAKEN in it, a root's also ROOT."""
    if one.role == "crl-issuer":
        raise NotApplicable("outside the SHAKEN hierarchy")
    name = one.common_name()
    if one.role == "leaf":
        return _leaf_name(one, name)
    if "SHAKEN" not in name:
        raise Departs(f"CN={name} lacks SHAKEN")
    if one.role == "root" and "ROOT" not in name.upper():
        raise Departs(f"CN={name} lacks ROOT", V005)
    return f"CN={name}"


def _leaf_name(one: Examined, name: str) -> str:
    codes = [entry.code for entry in one.scope() or () if isinstance(entry, tnauthlist.Spc)]
    if not codes:
        raise NotApplicable("it names no service provider")
    if "SHAKEN" not in name or codes[0] not in name:
        raise Departs(f"CN={name} lacks SHAKEN or the SPC {codes[0]}")
    if name != f"SHAKEN {codes[0]}":
        raise Departs(f"CN={name}, not SHAKEN {codes[0]}", V004)
    return f"CN={name}"


def _named(oid: x509.ObjectIdentifier) -> str:
    name = getattr(oid, "_name", "Unknown OID")
    return oid.dotted_string if name == "Unknown OID" else str(name)


FIELDS: tuple[Rule[Examined], ...] = (
    version,
    serial_number,
    signature_algorithm,
    public_key,
    validity,
    subject_country,
    subject_organization,
    subject_common_name,
)
"""In the order in which they are told."""
