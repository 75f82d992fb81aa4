"""The entries of a revocation list: whose certificate, and which serial number.

In an indirect list an entry names the issuer; one that names none means the issuer of the entry before it, and the first
means the list's own (RFC 5280 §5.3.3). The entries are read by `cryptography.hazmat.asn1`, in a seventh of the time that
the library's own objects take:

    RevokedCertificate ::= SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions Extensions OPTIONAL }

Of a list that is refused it still counts whom it means to revoke: that is read leniently, for nothing is believed of it.

This file does no I/O.
"""

from collections.abc import Callable, Sequence
from functools import partial
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


ANYBODY = ""
"""In the place of an issuer that cannot be told. No `name_key` is empty."""


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
        entries = _entries(crl)
    except ValueError:
        raise CrlRefused("unreadable") from None
    return _by_issuer(crl, entries, partial(_understood_issuer, indirect=indirect), _issuer_of)


def claimed_serials(crl: x509.CertificateRevocationList) -> dict[str, frozenset[int]]:
    """The serial numbers on a list that nobody vouches for, by issuer (`name_key`), or ANYBODY where it cannot be told.

    Entries that name an issuer are taken at their word, whether or not the list may speak for others.
    """
    try:
        entries = _entries(crl)
    except ValueError:
        return {ANYBODY: frozenset(each.serial_number for each in crl)}
    return _by_issuer(crl, entries, _stated_issuer, _issuer_or_anybody)


def _entries(crl: x509.CertificateRevocationList) -> Sequence[_Entry]:
    return asn1.decode_der(_TbsCertList, crl.tbs_certlist_bytes).entries or ()


def _by_issuer(
    crl: x509.CertificateRevocationList,
    entries: Sequence[_Entry],
    der_of: Callable[[_Entry], bytes | None],
    issuer_of: Callable[[x509.RevokedCertificate], str],
) -> dict[str, frozenset[int]]:
    keys: dict[bytes, str] = {}
    named: dict[str, set[int]] = {}
    serials = named.setdefault(name_key(crl.issuer), set())
    for place, entry in enumerate(entries):
        issuer = der_of(entry) if entry.extensions else None
        if issuer is not None:
            if issuer not in keys:
                keys[issuer] = issuer_of(crl[place])
            serials = named.setdefault(keys[issuer], set())
        serials.add(entry.serial)
    return {issuer: frozenset(held) for issuer, held in named.items()}


def _understood_issuer(entry: _Entry, indirect: bool) -> bytes | None:
    """The DER of who issued the revoked certificate, if the entry says so; CrlRefused if it must not, or says more."""
    issuer = None
    for each in entry.extensions or ():
        if each.critical and each.oid not in _UNDERSTOOD:
            raise CrlRefused("critical-extension")
        if each.oid == CRLEntryExtensionOID.CERTIFICATE_ISSUER:
            if not indirect:
                raise CrlRefused("issuer-in-direct-list")
            issuer = each.value
    return issuer


def _stated_issuer(entry: _Entry) -> bytes | None:
    return next(
        (
            each.value
            for each in entry.extensions or ()
            if each.oid == CRLEntryExtensionOID.CERTIFICATE_ISSUER
        ),
        None,
    )


def _issuer_of(entry: x509.RevokedCertificate) -> str:
    try:
        named = entry.extensions.get_extension_for_class(x509.CertificateIssuer).value
        (name,) = named.get_values_for_type(x509.DirectoryName)
    except UNPARSABLE:
        raise CrlRefused("entry-malformed") from None
    return name_key(name)


def _issuer_or_anybody(entry: x509.RevokedCertificate) -> str:
    try:
        return _issuer_of(entry)
    except CrlRefused:
        return ANYBODY
