"""Certificates, revocation lists and trust lists for people to read. Pure: bytes and the time in, lines out."""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certs import pem, trust_list
from certs.refusal import LabRefused
from gateway.stir import tnauthlist
from gateway.trust.credential import UNPARSABLE, CredentialRefused, tn_auth_list

WARNING = "*** TEST ONLY *** made by a lab that nobody may trust: never for real calls"


def describe(text: bytes, now: datetime) -> list[str]:
    """What `text` holds, a trust list, a revocation list or certificates; raises LabRefused for anything else."""
    try:
        if text.startswith(trust_list.BEGINS):
            return _trust_list(trust_list.read(text), now)
        if b"BEGIN X509 CRL" in text:
            return _revocation_list(pem.revocation_list(text), now)
        return [line for one in pem.certificates(text) for line in _certificate(one, now)]
    except UNPARSABLE as error:
        raise LabRefused(f"a part of this cannot be read: {error}") from error


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """`rows` as lines with aligned columns; the first row is the heading."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of the certificate as AA:BB:…, the way `openssl x509 -fingerprint` writes it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _certificate(certificate: x509.Certificate, now: datetime) -> list[str]:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return [
        certificate.subject.rfc4514_string(),
        f"  issuer    {certificate.issuer.rfc4514_string()}",
        f"  may sign  {_scope(certificate)}",
        f"  valid     {_stamp(start)} to {_stamp(end)} ({_state(start, end, now)})",
        f"  serial    {certificate.serial_number:x}",
        f"  SHA-256   {fingerprint(certificate)}",
    ]


def _revocation_list(crl: x509.CertificateRevocationList, now: datetime) -> list[str]:
    start, end = crl.last_update_utc, crl.next_update_utc or now
    numbers = [str(one.value.crl_number) for one in crl.extensions if isinstance(one.value, x509.CRLNumber)]
    return [
        f"revocation list {numbers[0] if numbers else 'without a number'} of {crl.issuer.rfc4514_string()}",
        f"  valid     {_stamp(start)} to {_stamp(end)} ({_state(start, end, now)})",
        *(f"  revoked   {one.serial_number:x} on {_stamp(one.revocation_date_utc)}" for one in crl),
    ]


def _trust_list(listed: trust_list.TrustList, now: datetime) -> list[str]:
    state = "in force" if now <= listed.expires else "EXPIRED"
    return [
        f"trust list {listed.sequence}: {len(listed.trusted)} trusted, until {_stamp(listed.expires)} ({state})",
        *(line for one in listed.trusted for line in _certificate(one, now)),
    ]


def _scope(certificate: x509.Certificate) -> str:
    try:
        return ", ".join(_entry(entry) for entry in tn_auth_list(certificate))
    except CredentialRefused as refused:
        return f"no calls ({refused.reason})"


def _entry(entry: tnauthlist.Entry) -> str:
    match entry:
        case tnauthlist.Spc(code):
            return f"SPC {code}"
        case tnauthlist.Range(start, size):
            return f"{size} numbers from {start}"
        case tnauthlist.One(number):
            return number


def _state(start: datetime, end: datetime, now: datetime) -> str:
    if now < start:
        return "not yet valid"
    return "EXPIRED" if now > end else "valid now"


def _stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"
