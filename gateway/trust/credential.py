"""What signs calls: a private key, the certificate chain that vouches for it, and where that chain is served.

A credential is checked whole when it is loaded: the key is the leaf's, each certificate is signed by the
next, and the leaf names one service provider. Whether it may sign *now* is asked with `usable`, because a
credential that was good when it was loaded expires while the gateway runs.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.stir import tnauthlist, x5u
from gateway.stir.certificate import UNPARSABLE as UNPARSABLE
from gateway.stir.passport import Signer
from gateway.trust.keys import load_private_key

TN_AUTH_LIST = x509.ObjectIdentifier(tnauthlist.OID)

_ANYWHERE = x5u.Rules(ports=range(1, 65536), allow_http=True)


class CredentialRefused(Exception):
    """A chain that must not be used; `reason` is stable kebab-case, the message says what to do, `details` say what of it
    is wrong where that is more than one thing."""

    def __init__(self, reason: str, message: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reason, self.details = reason, details


@dataclass(frozen=True, slots=True)
class Credential:
    """What signs for `spc`, and what a verifier needs to check it.

    `x5u` is the URL of `chain` (leaf first). `not_before` and `not_after` are epoch seconds and bound the
    time in which the whole chain is valid, not the leaf alone. `revoked`: whether it is known to be.
    """

    name: str
    x5u: str
    spc: str
    not_before: float
    not_after: float
    chain: tuple[x509.Certificate, ...]
    signer: Signer = field(repr=False)
    revoked: bool = False

    def usable(self, now: float) -> str | None:
        """Why this credential cannot sign at `now`, "revoked", "not-yet-valid" or "expired"; None where it can."""
        if self.revoked:
            return "revoked"
        if now < self.not_before:
            return "not-yet-valid"
        if now > self.not_after:
            return "expired"
        return None

    @property
    def fingerprint(self) -> str:
        """The leaf's SHA-256, in lower-case hexadecimal."""
        return self.chain[0].fingerprint(hashes.SHA256()).hex()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What lets it sign but makes strict verifiers refuse it, as kebab-case reasons.

        chain-without-intermediate: the leaf is served alone, so a verifier must know its issuer.
        x5u-not-public: the URL is not https on port 443 or 8443 (ATIS-1000074 §5.3.1), as in a lab.
        """
        doubts = {
            "chain-without-intermediate": len(self.chain) == 1,
            "x5u-not-public": x5u.problem(self.x5u, x5u.Rules()) is not None,
        }
        return tuple(reason for reason, holds in doubts.items() if holds)


def load_credential(name: str, key_path: Path, chain_path: Path, x5u: str) -> Credential:
    """The credential `name`, from a private key, its PEM chain (leaf first) and the chain's URL.

    Raises KeyRefused for the key, and CredentialRefused with one of: chain-missing, chain-unreadable,
    chain-holds-a-key, not-a-certificate, leaf-not-first, key-of-another-certificate, chain-broken,
    leaf-is-ca, tnauthlist-missing, tnauthlist-malformed, not-one-spc, x5u-malformed.
    """
    return credential_of(name, load_private_key(key_path), _read_chain(chain_path), x5u, str(chain_path))


def credential_of(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    chain: tuple[x509.Certificate, ...],
    x5u: str,
    source: str,
) -> Credential:
    """The credential of a key and a chain as they were read; `source` is what refusals call the chain by.

    Raises CredentialRefused as `load_credential` does for what is wrong with a chain that could be read.
    """
    _check_key(key.public_key(), chain, source)
    _check_links(chain, source)
    x5u = _checked_x5u(x5u)
    return Credential(
        name=name,
        x5u=x5u,
        spc=_spc(chain[0]),
        not_before=max(one.not_valid_before_utc.timestamp() for one in chain),
        not_after=min(one.not_valid_after_utc.timestamp() for one in chain),
        chain=chain,
        signer=Signer(key, x5u),
    )


def tn_auth_list(certificate: x509.Certificate) -> tuple[tnauthlist.Entry, ...]:
    """What `certificate` may sign for (RFC 8226 §9); raises CredentialRefused where it does not say."""
    subject = certificate.subject.rfc4514_string()
    try:
        value = certificate.extensions.get_extension_for_oid(TN_AUTH_LIST).value
    except x509.ExtensionNotFound:
        raise CredentialRefused(
            "tnauthlist-missing", f"{subject} has no TNAuthList: it is not a SHAKEN certificate"
        ) from None
    try:
        return tnauthlist.decode(value.public_bytes())
    except tnauthlist.InvalidTNAuthList as error:
        raise CredentialRefused("tnauthlist-malformed", f"{subject} has a bad TNAuthList: {error}") from error


def _read_chain(path: Path) -> tuple[x509.Certificate, ...]:
    pem = _read(path)
    if b"PRIVATE KEY" in pem:
        raise CredentialRefused(
            "chain-holds-a-key", f"{path} holds a private key and would be served to everybody: move it out"
        )
    try:
        chain = tuple(x509.load_pem_x509_certificates(pem))
        for one in chain:
            _parse_whole(one)
    except UNPARSABLE as error:
        raise CredentialRefused("not-a-certificate", f"{path} is not a PEM certificate chain") from error
    return chain


def _parse_whole(certificate: x509.Certificate) -> None:
    """Touch what is otherwise parsed when first asked for, so that it fails here or never."""
    certificate.public_key()
    _ = certificate.extensions, certificate.subject, certificate.issuer
    _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CredentialRefused("chain-missing", f"{path} does not exist: check the path") from None
    except OSError as error:
        raise CredentialRefused("chain-unreadable", f"{path} cannot be read: {error.strerror}") from error


def _check_key(key: ec.EllipticCurvePublicKey, chain: tuple[x509.Certificate, ...], source: str) -> None:
    if chain[0].public_key() == key:
        return
    if any(one.public_key() == key for one in chain[1:]):
        raise CredentialRefused("leaf-not-first", f"{source} must begin with the certificate of the key")
    raise CredentialRefused(
        "key-of-another-certificate", f"the private key is not that of the first certificate in {source}"
    )


def _check_links(chain: tuple[x509.Certificate, ...], source: str) -> None:
    """The signer checks its own path first (RFC 9060 §5), and only an end entity signs."""
    for place, (lower, upper) in enumerate(pairwise(chain), start=1):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature):
            raise CredentialRefused(
                "chain-broken", f"certificate {place} in {source} was not issued by the one after it"
            ) from None
    if _is_ca(chain[0]):
        raise CredentialRefused("leaf-is-ca", f"{source} begins with a CA certificate, which signs no calls")


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _spc(leaf: x509.Certificate) -> str:
    codes = [entry.code for entry in tn_auth_list(leaf) if isinstance(entry, tnauthlist.Spc)]
    if len(codes) != 1:
        raise CredentialRefused(
            "not-one-spc", f"the leaf names {len(codes)} service providers where SHAKEN wants exactly one"
        )
    return codes[0]


def _checked_x5u(url: str) -> str:
    """`url` where it can stand in `info=<…>`; a lab's may be http or on any port."""
    if x5u.problem(url, _ANYWHERE):
        raise CredentialRefused(
            "x5u-malformed",
            f"{url!r} is not a certificate URL: it must look like https://certs.example.com/certs/name.pem",
        )
    return url
