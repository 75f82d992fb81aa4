"""The X.509 extensions of the lab's certificates, each built in one place."""

from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.stir import tnauthlist
from gateway.trust.credential import TN_AUTH_LIST

_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)

Extension = x509.Extension[x509.ExtensionType]


def extension(value: x509.ExtensionType, *, critical: bool = False) -> Extension:
    """`value` as it stands in a certificate."""
    return x509.Extension(value.oid, critical, value)


def end_entity() -> tuple[Extension, ...]:
    """The critical extensions of a leaf, which signs PASSporTs and nothing else."""
    return (
        extension(x509.BasicConstraints(ca=False, path_length=None), critical=True),
        extension(key_usage("digital_signature"), critical=True),
    )


def authority(*uses: str, path_length: int | None = None) -> tuple[Extension, ...]:
    """The critical extensions of a CA with key `uses`, by cryptography's names."""
    return (
        extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True),
        extension(key_usage(*uses), critical=True),
    )


def subject_key(key: ec.EllipticCurvePublicKey) -> Extension:
    """The key's own name: its 160-bit SHA-1."""
    return extension(x509.SubjectKeyIdentifier.from_public_key(key))


def authority_key(issuer: x509.Certificate) -> Extension:
    """The issuer's key by the name the issuer itself gives it (RFC 9060 §6: AKI equals SKI)."""
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier))


def policy(oid: x509.ObjectIdentifier) -> Extension:
    """A certificate policy, the only one."""
    return extension(x509.CertificatePolicies([x509.PolicyInformation(oid, None)]))


def revocation_list(url: str, publisher: x509.Name) -> Extension:
    """Where the list is and whose it is: not the certificate issuer's, so the list is an indirect one."""
    point = x509.DistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url)],
        relative_name=None,
        reasons=None,
        crl_issuer=[x509.DirectoryName(publisher)],
    )
    return extension(x509.CRLDistributionPoints([point]))


def tn_auth_list(entries: Iterable[tnauthlist.Entry]) -> Extension:
    """What the holder may sign for (RFC 8226 §9)."""
    return extension(x509.UnrecognizedExtension(TN_AUTH_LIST, tnauthlist.encode(entries)))


def key_usage(*uses: str) -> x509.KeyUsage:
    """What a key may do, by cryptography's names for the bits."""
    return x509.KeyUsage(**{use: use in uses for use in _USES})
