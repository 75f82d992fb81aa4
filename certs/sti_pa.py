"""The lab STI-PA: it answers for revocation across all CAs, so its list is an indirect one.

Each entry therefore names the CA that issued the revoked certificate (RFC 5280 §5.3.3), and the list names
itself indirect and where it is published (§5.2.5).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certs import profile
from certs.authority import Authority, SerialSource, new_key
from certs.extensions import authority_key

CRL_LIFETIME = timedelta(days=30)  # a lab left alone over a holiday still works


@dataclass(frozen=True, slots=True)
class Revoked:
    """One certificate taken out of use: who issued it, its serial, and when it was revoked."""

    issuer: x509.Name
    serial: int
    at: datetime


def found(now: datetime, serials: SerialSource) -> Authority:
    """A new STI-PA with a self-signed certificate."""
    key = new_key()
    return Authority(profile.sti_pa(key.public_key(), now, serials()).signed_by(key), key)


def make_crl(
    sti_pa: Authority, url: str, number: int, revoked: Iterable[Revoked], now: datetime
) -> x509.CertificateRevocationList:
    """The revocation list published at `url`, with its `number` in a rising sequence."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(sti_pa.certificate.subject)
        .last_update(now)
        .next_update(now + CRL_LIFETIME)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(authority_key(sti_pa.certificate).value, critical=False)
        .add_extension(_published_at(url), critical=True)
    )
    for one in revoked:
        builder = builder.add_revoked_certificate(_entry(one))
    return builder.sign(sti_pa.key, hashes.SHA256())


def _published_at(url: str) -> x509.IssuingDistributionPoint:
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url)],
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=True,
        only_contains_attribute_certs=False,
    )


def _entry(revoked: Revoked) -> x509.RevokedCertificate:
    return (
        x509.RevokedCertificateBuilder()
        .serial_number(revoked.serial)
        .revocation_date(revoked.at)
        .add_extension(x509.CertificateIssuer([x509.DirectoryName(revoked.issuer)]), critical=True)
        .build()
    )
