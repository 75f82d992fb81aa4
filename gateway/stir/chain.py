"""The certificate chain behind a PASSporT: read from PEM, and trusted or refused.

    read(pem) -> certificates               the signer's first (RFC 9060 §5)
    trust(certificates, anchors, now) -> TrustedChain, or ChainRefused with the Reason

`trust` says yes once for a chain and a set of anchors; what depends on the moment, the number and the claims is asked
of the TrustedChain, at each call. The order of its checks:

    1  a path to an anchor                    `validation`: RFC 5280 §6, ATIS-1000080, RFC 9060 §6
    2  the leaf is no CA and may sign         RFC 9060 §6, ATIS-1000080
    3  TNAuthList, within those above it      RFC 8226 §9, RFC 9060 §4
    4  constraints on claims                  RFC 8226 §8, RFC 9118 §3

This file does no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.stir import constraints, tnauthlist
from gateway.stir.certificate import (
    UNPARSABLE,
    crl_issuers,
    crl_urls,
    extension,
    is_ca,
    name_key,
    p256_key,
    parse_whole,
    raw_extension,
    window,
)
from gateway.stir.constraints import Constraints, InvalidConstraints
from gateway.stir.path import Anchors, Path
from gateway.stir.reasons import Reason
from gateway.stir.scope import Scope, scope_of
from gateway.stir.tnauthlist import InvalidTNAuthList
from gateway.stir.validation import ChainRefused, named, trusted_path

__all__ = ["Anchors", "ChainRefused", "TrustedChain", "read", "trust"]

MOST_CERTIFICATES = 10
"""In one file. A SHAKEN chain has two or three, a delegate's four or five."""

LARGEST_FILE = 65_536
"""Bytes. A chain of three has about 3,000."""

TN_AUTH_LIST = x509.ObjectIdentifier(tnauthlist.OID)
JWT_CLAIMS = x509.ObjectIdentifier(constraints.OID)
ENHANCED_JWT_CLAIMS = x509.ObjectIdentifier(constraints.ENHANCED_OID)


@dataclass(frozen=True, slots=True)
class TrustedChain:
    """A chain that leads to an anchor.

    path: from the leaf to the anchor. key: the leaf's. not_before, not_after: epoch seconds in which every certificate
    of the path is valid. subject: the leaf's (RFC 4514). spc: its service provider code. scope: its TNAuthList.
    serials: what identifies each certificate below the anchor, issuer (`name_key`) and serial number. crl_issuers: who
    may publish their revocation, by `name_key`. crl_urls: where, http or https.
    """

    path: Path
    key: EllipticCurvePublicKey
    not_before: float
    not_after: float
    subject: str
    spc: str | None
    scope: tuple[tnauthlist.Entry, ...]
    serials: tuple[tuple[str, int], ...]
    crl_issuers: tuple[str, ...]
    crl_urls: tuple[str, ...]
    constraints: Constraints | None
    _numbers: Scope | None = field(repr=False)  # None for every number: thousands of chains are kept

    def problem_at(self, moment: float) -> Reason | None:
        """Why the chain is not valid at `moment`, in epoch seconds; None where it is."""
        if self.not_before <= moment <= self.not_after:
            return None
        early = moment < self.not_before
        return Reason.CERTIFICATE_NOT_YET_VALID if early else Reason.CERTIFICATE_EXPIRED

    def covers(self, number: str) -> bool:
        """Whether the leaf speaks for the number, given in the form that is signed (RFC 8226 §9)."""
        return self._numbers is None or self._numbers.covers(number)

    def violated(self, payload: Mapping[str, Any]) -> str | None:
        """The claim that the leaf does not allow as it is (RFC 8226 §8, RFC 9118 §3); None if all is well."""
        return self.constraints.violated(payload) if self.constraints else None


def read(
    pem: bytes, most: int = MOST_CERTIFICATES, largest: int = LARGEST_FILE
) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file, in its order, with text around them tolerated.

    ChainRefused (CERTIFICATE_UNREADABLE) where there is none, one cannot be parsed, there are more than `most`, the
    file has more than `largest` bytes, or it holds a private key.
    """
    if len(pem) > largest:
        raise ChainRefused(Reason.CERTIFICATE_UNREADABLE, f"more than {largest} bytes")
    if b"PRIVATE KEY" in pem:
        raise ChainRefused(
            Reason.CERTIFICATE_UNREADABLE, "it holds a private key, which everybody could read"
        )
    if pem.count(b"-----BEGIN ") > most:
        raise ChainRefused(Reason.CERTIFICATE_UNREADABLE, f"more than {most} certificates")
    if pem.count(b"-----BEGIN ") != pem.count(b"-----END "):  # the library passes over what has no end
        raise ChainRefused(Reason.CERTIFICATE_UNREADABLE, "cut short")
    try:
        certificates = tuple(x509.load_pem_x509_certificates(pem))
        for each in certificates:
            parse_whole(each)
    except UNPARSABLE:
        raise ChainRefused(Reason.CERTIFICATE_UNREADABLE, "not PEM certificates") from None
    return certificates


def trust(certificates: tuple[x509.Certificate, ...], anchors: Anchors, now: float) -> TrustedChain:
    """The chain from the first of `certificates` to one of `anchors`, by way of the others; ChainRefused if it must
    not be believed.

    certificates: as `read` gives them. now: epoch seconds.
    """
    found = trusted_path(certificates, anchors, now)  # 1
    _check_leaf(found)  # 2
    scope = _scope(found)  # 3
    return _trusted(found, scope, _constraints(found[0]))  # 4


def _check_leaf(found: Path) -> None:
    """Only end entities sign calls (RFC 9060 §6), with a key that may sign (ATIS-1000080)."""
    leaf = found[0]
    if is_ca(leaf):
        raise ChainRefused(Reason.CERTIFICATE_IS_CA, named(leaf))
    if len(found) == 1:
        raise ChainRefused(Reason.CERTIFICATE_UNTRUSTED, f"{named(leaf)} is an anchor and no CA")
    usage = extension(leaf, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise ChainRefused(Reason.CERTIFICATE_USAGE, f"{named(leaf)}: keyUsage has no digitalSignature")


def _scope(found: Path) -> tuple[tnauthlist.Entry, ...]:
    """The leaf's TNAuthList, each list inside the next one above it (RFC 9060 §4). A SHAKEN CA has none, and bounds
    nothing."""
    entries = _tn_auth_list(found[0])
    if entries is None:
        raise ChainRefused(Reason.TNAUTHLIST_MISSING, named(found[0]))
    child = scope_of(entries)
    for authority in found[1:]:
        if (above := _tn_auth_list(authority)) is not None:
            parent = scope_of(above)
            if not parent.includes(child):
                raise ChainRefused(Reason.SCOPE_EXCEEDED, f"more than {named(authority)} has")
            child = parent
    return entries


def _tn_auth_list(certificate: x509.Certificate) -> tuple[tnauthlist.Entry, ...] | None:
    der = raw_extension(certificate, TN_AUTH_LIST)
    try:
        return None if der is None else tnauthlist.decode(der)
    except InvalidTNAuthList as error:
        raise ChainRefused(Reason.TNAUTHLIST_MALFORMED, f"{named(certificate)}: {error}") from None


def _constraints(leaf: x509.Certificate) -> Constraints | None:
    try:
        return constraints.of(raw_extension(leaf, JWT_CLAIMS), raw_extension(leaf, ENHANCED_JWT_CLAIMS))
    except InvalidConstraints as error:
        raise ChainRefused(Reason.CONSTRAINTS_MALFORMED, f"{named(leaf)}: {error}") from None


def _trusted(
    found: Path, scope: tuple[tnauthlist.Entry, ...], constraints: Constraints | None
) -> TrustedChain:
    leaf, below = found[0], found[:-1]
    key = p256_key(leaf)
    assert key
    windows = [window(each) for each in found]
    spc = next((entry.code for entry in scope if isinstance(entry, tnauthlist.Spc)), None)
    return TrustedChain(
        path=(_fresh(leaf), *(_shared(each) for each in found[1:-1]), found[-1]),
        key=key,
        not_before=max(start for start, _ in windows),
        not_after=min(end for _, end in windows),
        subject=named(leaf),
        spc=spc,
        scope=scope,
        serials=tuple((name_key(each.issuer), each.serial_number) for each in below),
        crl_issuers=tuple(dict.fromkeys(name for each in below for name in crl_issuers(each))),
        crl_urls=tuple(dict.fromkeys(url for each in below for url in crl_urls(each))),
        constraints=constraints,
        _numbers=scope_of(scope) if spc is None else None,
    )


def _fresh(certificate: x509.Certificate) -> x509.Certificate:
    """The same without what the library keeps of its parsing, which is most of its size."""
    return x509.load_der_x509_certificate(certificate.public_bytes(Encoding.DER))


@lru_cache(maxsize=1024)
def _shared(authority: x509.Certificate) -> x509.Certificate:
    """One object for all chains below a CA; only CAs that lead to an anchor get here."""
    return _fresh(authority)
