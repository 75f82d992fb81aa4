"""A path to a trust anchor that may be relied on: RFC 5280 §6 under the SHAKEN profile, for calls and for revocation lists.

    1  signatures lead to an anchor                   RFC 5280 §6.1.3 (a)(1), (4), RFC 9060 §6
    2  every certificate is valid at `now`            §6.1.3 (a)(2)
    3  keys on P-256, signed with SHA-256             ATIS-1000080
    4  the issuers are CAs, and not too many          §6.1.4 (k) to (n)
    5  whatever else §6 demands                       cryptography's own path validation

What the first certificate may do is asked by its reader. This file does no I/O.
"""

from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import SignatureAlgorithmOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from gateway.stir import path
from gateway.stir.certificate import extension, is_self_issued, p256_key, window
from gateway.stir.path import Anchors, Path
from gateway.stir.reasons import Reason

_AGNOSTIC = Criticality.AGNOSTIC
_POLICY = (
    # The library's own leaf policy wants a SAN, its CA policy a keyUsage of everybody's root: neither is RFC 5280's.
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, _AGNOSTIC, None)
    .may_be_present(x509.CertificatePolicies, _AGNOSTIC, None)  # any will do, so a critical one is understood
)
_LEAF_POLICY = ExtensionPolicy.permit_all().may_be_present(x509.CertificatePolicies, _AGNOSTIC, None)
_VALIDATION = PolicyBuilder().extension_policies(ca_policy=_POLICY, ee_policy=_LEAF_POLICY)


class ChainRefused(ValueError):
    """The chain is not to be believed; `detail` says more, for people."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason.value)
        self.reason, self.detail = reason, detail


def trusted_path(certificates: Path, anchors: Anchors, now: float) -> Path:
    """The path from the first of `certificates` to one of `anchors`, by way of the others; ChainRefused if there is none
    to rely on at `now`, in epoch seconds."""
    found = _path(certificates, anchors, now)  # 1
    _check_time(found, now)  # 2
    _check_keys(found)  # 3
    _check_authorities(found)  # 4
    _validate(found, now)  # 5
    return found


def named(certificate: x509.Certificate) -> str:
    """Its subject, for people (RFC 4514)."""
    return certificate.subject.rfc4514_string()


def _path(certificates: tuple[x509.Certificate, ...], anchors: Anchors, now: float) -> Path:
    if not anchors:
        raise ChainRefused(Reason.NO_TRUST_ANCHORS)
    if not certificates:
        raise ChainRefused(Reason.CERTIFICATE_UNREADABLE, "no certificate")
    found = path.find(certificates[0], certificates[1:], anchors, now)
    if found is None:
        _check_keys(certificates)  # an issuer with another kind of key was not followed
        raise ChainRefused(Reason.CERTIFICATE_UNTRUSTED, named(certificates[0]))
    return found


def _check_time(found: Path, now: float) -> None:
    """Expiry is a result of its own, for it is put right another way than the rest."""
    for each in found:
        start, end = window(each)
        if now < start:
            raise ChainRefused(Reason.CERTIFICATE_NOT_YET_VALID, named(each))
        if not now <= end:
            raise ChainRefused(Reason.CERTIFICATE_EXPIRED, named(each))


def _check_keys(certificates: Path) -> None:
    """P-256 and ecdsa-with-SHA256 (ATIS-1000080). How an anchor was signed is nobody's concern (RFC 5280 §6.1)."""
    for place, each in enumerate(certificates):
        if p256_key(each) is None:
            raise ChainRefused(Reason.CERTIFICATE_KEY, f"{named(each)}: its key is not on P-256")
        is_last = place == len(certificates) - 1
        if not is_last and each.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
            raise ChainRefused(Reason.CERTIFICATE_KEY, f"{named(each)}: not signed with ecdsa-with-SHA256")


def _check_authorities(found: Path) -> None:
    """RFC 5280 §6.1.4 (k) to (n): each is a CA that may sign certificates, and may have as many CAs below it."""
    below = 0
    for authority in found[1:]:
        constraints = extension(authority, x509.BasicConstraints)
        if constraints is None or not constraints.ca:
            raise ChainRefused(Reason.CERTIFICATE_USAGE, f"{named(authority)} is no CA")
        if constraints.path_length is not None and below > constraints.path_length:
            raise ChainRefused(Reason.CERTIFICATE_USAGE, f"{named(authority)}: too many CAs below it")
        _check_may_issue(authority, is_anchor=authority is found[-1])
        below += not is_self_issued(authority)


def _check_may_issue(authority: x509.Certificate, *, is_anchor: bool) -> None:
    """keyUsage is there in every CA (ATIS-1000080); only an anchor, trusted as it is, may do without."""
    usage = extension(authority, x509.KeyUsage)
    if not is_anchor if usage is None else not usage.key_cert_sign:
        raise ChainRefused(Reason.CERTIFICATE_USAGE, f"{named(authority)}: keyUsage has no keyCertSign")


def _validate(found: Path, now: float) -> None:
    """What is left of RFC 5280 §6, such as unknown critical extensions and constraints on names."""
    verifier = (
        _VALIDATION.store(Store([found[-1]]))
        .time(datetime.fromtimestamp(now, UTC))
        .max_chain_depth(len(found))
        .build_client_verifier()
    )
    try:
        verifier.verify(found[0], list(found[1:-1]))
    except VerificationError as error:
        raise ChainRefused(Reason.CERTIFICATE_UNTRUSTED, str(error)) from None
