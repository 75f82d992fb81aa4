"""A certificate before it is signed: plain data, so that a test can state one defect and leave the rest."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certs.extensions import Extension, extension


@dataclass(frozen=True, slots=True)
class Template:
    """What a certificate will say. Times are aware datetimes, of which whole seconds are kept."""

    subject: x509.Name
    issuer: x509.Name
    public_key: ec.EllipticCurvePublicKey
    serial: int
    not_before: datetime
    not_after: datetime
    extensions: tuple[Extension, ...]
    digest: hashes.SHA256 | hashes.SHA384 = field(default_factory=hashes.SHA256)

    def without(self, oid: x509.ObjectIdentifier) -> "Template":
        """The same certificate lacking the extension `oid`."""
        return replace(self, extensions=tuple(kept for kept in self.extensions if kept.oid != oid))

    def having(self, value: x509.ExtensionType, *, critical: bool = False) -> "Template":
        """The same certificate with `value` in place of any extension of its kind."""
        others = self.without(value.oid).extensions
        return replace(self, extensions=(*others, extension(value, critical=critical)))

    def signed_by(self, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        """The certificate, version 3, signed with `key`."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.subject)
            .issuer_name(self.issuer)
            .public_key(self.public_key)
            .serial_number(self.serial)
            .not_valid_before(self.not_before)
            .not_valid_after(self.not_after)
        )
        for one in self.extensions:
            builder = builder.add_extension(one.value, one.critical)
        return builder.sign(key, self.digest)
