"""The entries of a revocation list: whose certificate, and which serial number.

In an indirect list an entry names the issuer; one that names none means the issuer of the entry before it, and the first
means the list's own (RFC 5280 §5.3.3). The entries are read by `cryptography.hazmat.asn1`, in a seventh of the time that
the library's own objects take:

    RevokedCertificate ::= SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions Extensions OPTIONAL }

This file does no I/O.
"""

from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import CRLEntryExtensionOID

from gateway.stir.certificate import UNPARSABLE, name_key

_UNDERSTOOD = (
    CRLEntryExtensionOID.CERTIFICATE_ISSUER,
    CRLEntryExtensionOID.CRL_REASON,
    CRLEntryExtensionOID.INVALIDITY_DATE,
)


class CrlRefused(ValueError):
    """The list must not be used.

    reason: too-large, unreadable, holds-a-key, delta, no-next-update, critical-extension, entry-malformed,
    issuer-in-direct-list, or untrusted.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@asn1.sequence
class _Extension:
    oid: x509.ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    value: bytes


@asn1.sequence
class _Entry:
    serial: int
    date: asn1.TLV
    extensions: list[_Extension] | None


@asn1.sequence
class _TbsCertList:
    version: int | None
    signature: asn1.TLV
    issuer: asn1.TLV
    this_update: asn1.TLV
    next_update: asn1.TLV
    entries: list[_Entry] | None
    extensions: Annotated[list[_Extension] | None, asn1.Explicit(0)]


def revoked_serials(crl: x509.CertificateRevocationList, *, indirect: bool) -> dict[str, frozenset[int]]:
    """The serial numbers on the list, by issuer (`name_key`); CrlRefused if an entry cannot be understood.

    indirect: whether the list says that it speaks for others (RFC 5280 §5.2.5).
    """
    try:
        entries = asn1.decode_der(_TbsCertList, crl.tbs_certlist_bytes).entries or []
    except ValueError:
        raise CrlRefused("unreadable") from None
    keys: dict[bytes, str] = {}
    revoked: dict[str, set[int]] = {}
    serials = revoked.setdefault(name_key(crl.issuer), set())
    for place, entry in enumerate(entries):
        named = _certificate_issuer(entry) if entry.extensions else None
        if named is not None:
            if not indirect:
                raise CrlRefused("issuer-in-direct-list")
            if named not in keys:
                keys[named] = _issuer_of(crl[place])
            serials = revoked.setdefault(keys[named], set())
        serials.add(entry.serial)
    return {issuer: frozenset(held) for issuer, held in revoked.items()}


def _certificate_issuer(entry: _Entry) -> bytes | None:
    """The DER of who issued the revoked certificate, if the entry says so."""
    named = None
    for each in entry.extensions or ():
        if each.critical and each.oid not in _UNDERSTOOD:
            raise CrlRefused("critical-extension")
        if each.oid == CRLEntryExtensionOID.CERTIFICATE_ISSUER:
            named = each.value
    return named


def _issuer_of(entry: x509.RevokedCertificate) -> str:
    try:
        named = entry.extensions.get_extension_for_class(x509.CertificateIssuer).value
        (name,) = named.get_values_for_type(x509.DirectoryName)
    except UNPARSABLE:
        raise CrlRefused("entry-malformed") from None
    return name_key(name)
