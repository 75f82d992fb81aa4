"""What a chain must be before it is installed: of one of our keys, trusted, not revoked, without a fault against the profile.

The order of the checks is that of the remedies: first what is wrong with the file, then with the certificate, then with
what is known of it. This file does no I/O; `now` is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.credentials.manifest import Certificate, Key, refuse
from gateway.stir import chain as chains
from gateway.stir.certificate import name_key, p256_key
from gateway.stir.chain import ChainRefused
from gateway.stir.lint import Report, Result, lint
from gateway.stir.path import Anchors
from gateway.stir.revocation import Revocations
from gateway.trust.credential import Credential

_REMEDIES = {
    "no-trust-anchors": "set [verification] trust_anchors or trust_list, so that it can be checked",
    "certificate-untrusted": "send the leaf with every intermediate, and see that the STI-CA's root is trusted here",
    "certificate-expired": "ask for a new one, or check the clock of this machine",
    "certificate-not-yet-valid": "wait, or check the clock of this machine",
    "certificate-key": "make a key here and ask for a certificate of it",
}


def read(pem: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of an upload; CredentialRefused (chain-holds-a-key, chain-too-long, certificate-unreadable)."""
    if len(pem) > chains.LARGEST_FILE:
        refuse(
            "chain-too-long", f"a chain has {chains.LARGEST_FILE} bytes at most: send its certificates alone"
        )
    if b"PRIVATE KEY" in pem:
        refuse(
            "chain-holds-a-key",
            "a private key is with it, which would be served to everybody: send the certificates alone, keys to /v1/keys",
        )
    try:
        return chains.read(pem)
    except ChainRefused as refused:
        refuse(refused.reason.value, f"{refused.detail}: send PEM certificates, the leaf first")


def key_of(certificates: Sequence[x509.Certificate], keys: Sequence[Key]) -> Key:
    """Which of our keys the leaf is of; CredentialRefused (certificate-key, leaf-not-first, no-key-for-certificate)."""
    public_key(certificates)
    ours = {each.fingerprint: each for each in keys}
    found = [ours.get(fingerprint(public)) for each in certificates if (public := p256_key(each))]
    if found[0] is None:
        if any(found):
            refuse("leaf-not-first", "a chain begins with the certificate of our key")
        refuse(
            "no-key-for-certificate",
            "no key here is the leaf's: import its key first, or send the certificate that was issued for one of ours",
        )
    return found[0]


def examine(
    certificates: tuple[x509.Certificate, ...], anchors: Anchors, revocations: Revocations, now: float
) -> tuple[str, ...]:
    """Hold a chain against the anchors, the revocation lists and the profile; what a strict verifier may mind about it.

    CredentialRefused with the verifier's reason, certificate-revoked, or profile-broken with every fault.
    """
    try:
        trusted = chains.trust(certificates, anchors, now)
    except ChainRefused as refused:
        remedy = _REMEDIES.get(refused.reason.value, "ask the STI-CA for another one")
        refuse(refused.reason.value, f"{refused.detail or 'it is not trusted'}: {remedy}")
    if reason := revocations.problem(trusted, now, required=False):
        refuse(reason.value, "a revocation list in force is against it: ask the STI-CA for a new one")
    report = lint(certificates, datetime.fromtimestamp(now, UTC))
    if faults := _told(report, "fail"):
        message = "it breaks the SHAKEN certificate profile, so verifiers will refuse it: have it issued anew"
        refuse("profile-broken", message, faults)
    return _told(report, "warn")


def is_listed(certificates: Sequence[x509.Certificate], revocations: Revocations) -> bool:
    """Whether a revocation list in force names any of a chain."""
    return revocations.names([(name_key(each.issuer), each.serial_number) for each in certificates])


def described(credential: Credential, key: Key, warnings: tuple[str, ...], now: float) -> Certificate:
    """What the manifest says of an installed chain."""
    leaf = credential.chain[0]
    return Certificate(
        name=credential.name,
        x5u=credential.x5u,
        key_id=key.id,
        spc=credential.spc,
        subject=leaf.subject.rfc4514_string(),
        issuer=leaf.issuer.rfc4514_string(),
        serial=f"{leaf.serial_number:X}",
        fingerprint=credential.fingerprint,
        not_before=credential.not_before,
        not_after=credential.not_after,
        installed_at=now,
        chain=pem_of(credential.chain),
        warnings=(*warnings, *credential.warnings),
    )


def public_key(certificates: Sequence[x509.Certificate]) -> EllipticCurvePublicKey:
    """The leaf's; CredentialRefused (certificate-key)."""
    key = p256_key(certificates[0])
    if key is None:
        refuse(
            "certificate-key",
            "the leaf's key is not on P-256, which ES256 needs: make a key here and ask anew",
        )
    return key


def fingerprint(key: EllipticCurvePublicKey) -> str:
    """SHA-256 of the SubjectPublicKeyInfo, in hexadecimal."""
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def pem_of_key(key: EllipticCurvePublicKey) -> str:
    """The key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def pem_of(certificates: Sequence[x509.Certificate]) -> str:
    """The certificates and nothing else, as they are served."""
    return "".join(each.public_bytes(Encoding.PEM).decode("ascii") for each in certificates)


def _told(report: Report, outcome: str) -> tuple[str, ...]:
    def those(results: Sequence[Result]) -> tuple[str, ...]:
        return tuple(
            f"{each.rule}: {each.found} ({each.clause})" for each in results if each.outcome == outcome
        )

    sheets = (line for sheet in report.certificates for line in those(sheet.results))
    return (*sheets, *those(report.chain))
