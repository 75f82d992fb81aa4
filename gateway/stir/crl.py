"""Revocation lists: read from PEM or DER, and trusted or refused.

    read_crl(data) -> CrlFile                                          lists, and certificates of their signers
    trust_crl(crl, anchors, now, signers) -> RevocationList            or CrlRefused

Two kinds are known. A direct list is signed by the CA that issued the certificates; an indirect one speaks for many CAs,
as the STI-PA's does (ATIS-1000080), so its entries name the issuer (`crl_entries`). Whatever is critical and unknown, in
a list or in an entry, makes the list useless (RFC 5280 §5.2, §5.3).

This file does no I/O.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.x509.oid import ExtensionOID

from gateway.stir.certificate import UNPARSABLE, extension, name_key, p256_key, parse_whole
from gateway.stir.crl_entries import CrlRefused, claimed_serials, revoked_serials
from gateway.stir.path import Anchors
from gateway.stir.validation import ChainRefused, trusted_path

__all__ = ["Claim", "CrlFile", "CrlRefused", "RevocationList", "may_sign_lists", "read_crl", "trust_crl"]

LARGEST_CRL = 32 * 1024 * 1024
"""Bytes. 200,000 entries of an indirect list that names the issuer in each have as many."""

MOST_PARTS = 20
"""PEM blocks in one file."""

_BLOCK = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)
_UNDERSTOOD = (
    ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CRL_NUMBER,
)
_DIGESTS = (SHA256, SHA384, SHA512)


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """What a list says, whoever signed it.

    issuer: whose it claims to be (`name_key`). named: serial numbers by issuer, or ANYBODY where it cannot be told.
    """

    issuer: str
    named: Mapping[str, frozenset[int]]


@dataclass(frozen=True)  # no slots: the claims are worked out once, and only of lists that are refused
class CrlFile:
    """A file as it was read, nothing of it believed: lists, and certificates that may have signed them."""

    lists: tuple[x509.CertificateRevocationList, ...]
    certificates: tuple[x509.Certificate, ...] = ()

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """What each of the lists says."""
        return tuple(Claim(name_key(crl.issuer), claimed_serials(crl)) for crl in self.lists)


@dataclass(frozen=True, slots=True, eq=False)
class RevocationList:
    """A list that is trusted.

    issuer: who signed it (`name_key`). this_update, next_update: epoch seconds between which it is current. indirect:
    whether it speaks for other issuers. partial: whether it leaves out end entities or some reasons. urls: where it is
    published, if it says so. revoked: serial numbers by issuer.
    """

    issuer: str
    this_update: float
    next_update: float
    indirect: bool
    partial: bool
    urls: frozenset[str]
    revoked: Mapping[str, frozenset[int]]


def read_crl(data: bytes) -> CrlFile:
    """The lists in PEM, perhaps beside certificates, or the one list in DER; CrlRefused."""
    if len(data) > LARGEST_CRL:
        raise CrlRefused("too-large")
    if b"PRIVATE KEY-----" in data:
        raise CrlRefused("holds-a-key")
    try:
        return _read_pem(data) if b"-----BEGIN " in data else _read_der(data)
    except CrlRefused:
        raise
    except UNPARSABLE:
        raise CrlRefused("unreadable") from None


def trust_crl(
    crl: x509.CertificateRevocationList,
    anchors: Anchors,
    now: float,
    signers: Iterable[x509.Certificate] = (),
) -> RevocationList:
    """What the list says, if its signature is that of an anchor, or of one of `signers` that leads to an anchor.

    now: epoch seconds, at which the signer's path has to be valid. An old list may still be trusted: what it revokes
    stays revoked. CrlRefused.
    """
    point = _check_extensions(crl)
    if not _is_trusted(crl, anchors, now, tuple(signers)):
        raise CrlRefused("untrusted")
    assert crl.next_update_utc
    return RevocationList(
        issuer=name_key(crl.issuer),
        this_update=crl.last_update_utc.timestamp(),
        next_update=crl.next_update_utc.timestamp(),
        indirect=point is not None and point.indirect_crl,
        partial=point is not None and _is_partial(point),
        urls=frozenset() if point is None else frozenset(_urls(point)),
        revoked=revoked_serials(crl, indirect=point is not None and point.indirect_crl),
    )


def may_sign_lists(signer: x509.Certificate, *, is_anchor: bool) -> bool:
    """Whether its key may sign lists (RFC 5280 §6.3.3 (f)). Whoever is no anchor has to say so: keyUsage is mandatory for
    signing lists (§4.2.1.3)."""
    usage = extension(signer, x509.KeyUsage)
    return is_anchor if usage is None else usage.crl_sign


def _read_pem(data: bytes) -> CrlFile:
    if data.count(b"-----BEGIN ") > MOST_PARTS:
        raise CrlRefused("too-large")
    if data.count(b"-----BEGIN ") != data.count(b"-----END "):
        raise CrlRefused("unreadable")
    lists = tuple(_parsed(x509.load_pem_x509_crl(block)) for block in _BLOCK.findall(data))
    if not lists:
        raise CrlRefused("unreadable")
    held = x509.load_pem_x509_certificates(data) if b"-----BEGIN CERTIFICATE-----" in data else []
    for each in held:
        parse_whole(each)
    return CrlFile(lists, tuple(held))


def _read_der(data: bytes) -> CrlFile:
    return CrlFile((_parsed(x509.load_der_x509_crl(data)),))


def _parsed(crl: x509.CertificateRevocationList) -> x509.CertificateRevocationList:
    """Touch what the library parses when it is first asked for; a list without nextUpdate never gets old, and RFC 5280
    §5.1.2.5 has none."""
    _ = crl.extensions, crl.issuer, crl.last_update_utc
    if crl.next_update_utc is None:
        raise CrlRefused("no-next-update")
    return crl


def _check_extensions(crl: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    point = None
    for each in crl.extensions:
        if each.oid == ExtensionOID.DELTA_CRL_INDICATOR:
            raise CrlRefused("delta")
        if each.critical and each.oid not in _UNDERSTOOD:
            raise CrlRefused("critical-extension")
        if isinstance(each.value, x509.IssuingDistributionPoint):
            point = each.value
    return point


def _is_trusted(
    crl: x509.CertificateRevocationList, anchors: Anchors, now: float, signers: tuple[x509.Certificate, ...]
) -> bool:
    beside = [each for each in signers if each.subject == crl.issuer and p256_key(each)]
    for signer in (*anchors.named(crl.issuer), *beside):
        if _signed(crl, signer) and may_sign_lists(signer, is_anchor=signer in anchors):
            try:
                trusted_path((signer, *signers), anchors, now)
            except ChainRefused:
                continue
            return True
    return False


def _signed(crl: x509.CertificateRevocationList, signer: x509.Certificate) -> bool:
    try:
        if not isinstance(crl.signature_hash_algorithm, _DIGESTS):
            return False
        return crl.is_signature_valid(signer.public_key())  # type: ignore[arg-type]  # other keys are a TypeError
    except UNPARSABLE:
        return False


def _is_partial(point: x509.IssuingDistributionPoint) -> bool:
    return bool(
        point.only_contains_ca_certs or point.only_contains_attribute_certs or point.only_some_reasons
    )


def _urls(point: x509.IssuingDistributionPoint) -> Iterable[str]:
    return (name.value for name in point.full_name or () if isinstance(name, x509.UniformResourceIdentifier))
