"""A party that signs: its certificate and the key behind it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs.template import Template

SerialSource = Callable[[], int]  # each number new, and from at least 64 random bits (ATIS-1000080 v005)


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key, the one curve of the SHAKEN profile."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate with its private key, which never shows in a repr."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def issue(self, template: Template) -> x509.Certificate:
        """`template` signed by this authority."""
        return template.signed_by(self.key)
