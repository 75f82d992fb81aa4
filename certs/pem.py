"""PEM, the text form of everything the lab keeps."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certs.refusal import LabRefused
from gateway.trust.credential import UNPARSABLE


def chain(*certificates: x509.Certificate) -> bytes:
    """Certificates in the order of application/pem-certificate-chain: the leaf, then each one's issuer."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def key(private: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key, unencrypted: the file's mode protects it."""
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def crl(revocations: x509.CertificateRevocationList) -> bytes:
    """A revocation list."""
    return revocations.public_bytes(Encoding.PEM)


def certificates(text: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates in `text`, at least one; raises LabRefused."""
    try:
        return tuple(x509.load_pem_x509_certificates(text))
    except UNPARSABLE as error:
        raise LabRefused("this is not a PEM certificate") from error


def revocation_list(text: bytes) -> x509.CertificateRevocationList:
    """The revocation list in `text`; raises LabRefused."""
    try:
        return x509.load_pem_x509_crl(text)
    except UNPARSABLE as error:
        raise LabRefused("this is not a PEM revocation list") from error
