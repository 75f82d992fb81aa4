"""From a certificate up to a trust anchor: names, key identifiers and signatures, and nothing else.

A path found here is a fact about keys. Whether its certificates are valid now and may do what they do is asked by
those who look for one. This file does no I/O.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.stir.certificate import UNPARSABLE, extension, is_ca, p256_key, window

Path = tuple[x509.Certificate, ...]
"""From the certificate in question to the anchor, each issued by the next."""


class Anchors:
    """The certificates trusted beforehand.

    certificates: each once. version: names this exact set, whatever their order. One that is no CA may have signed a
    revocation list or a trust list, and never stands above anything. An anchor that cannot be parsed raises one of
    `UNPARSABLE`.
    """

    __slots__ = ("_named", "certificates", "version")

    def __init__(self, certificates: Iterable[x509.Certificate]) -> None:
        self.certificates = tuple(dict.fromkeys(certificates))
        fingerprints = sorted(each.fingerprint(SHA256()) for each in self.certificates)
        self.version = sha256(b"".join(fingerprints)).hexdigest()
        self._named: dict[x509.Name, list[x509.Certificate]] = {}
        for each in sorted(self.certificates, key=is_ca, reverse=True):  # whoever is no CA hides no namesake
            self._named.setdefault(each.subject, []).append(each)

    def __bool__(self) -> bool:
        return bool(self.certificates)

    def __contains__(self, certificate: x509.Certificate) -> bool:
        return certificate in self._named.get(certificate.subject, ())

    def named(self, name: x509.Name) -> Sequence[x509.Certificate]:
        """Those whose subject it is."""
        return self._named.get(name, ())


def find(
    certificate: x509.Certificate, others: Iterable[x509.Certificate], anchors: Anchors, now: float
) -> Path | None:
    """The shortest path to an anchor by way of `others`, or None.

    One that is valid now is preferred: of a CA with two certificates, one may have expired. If there is none, any path
    is given, so that its reader can tell an expired one from no path at all. Only P-256 issuers are followed
    (ATIS-1000080), and a search tries each pair of certificates once, so that loops and crossed signatures cost no more.
    """
    if certificate in anchors:
        return (certificate,)
    issuers = [each for each in others if p256_key(each)]
    return _search(certificate, issuers, anchors, lambda each: _is_valid(each, now)) or _search(
        certificate, issuers, anchors, lambda _: True
    )


def issued(lower: x509.Certificate, upper: x509.Certificate) -> bool:
    """Whether `upper` issued `lower`: its name, its key's identifier where both give it (RFC 9060 §6), its signature."""
    if lower.issuer != upper.subject or not _identifies_key(lower, upper):
        return False
    try:
        lower.verify_directly_issued_by(upper)
    except (InvalidSignature, *UNPARSABLE):
        return False
    return True


def _search(
    certificate: x509.Certificate,
    issuers: Sequence[x509.Certificate],
    anchors: Anchors,
    usable: Callable[[x509.Certificate], bool],
) -> Path | None:
    waiting: deque[Path] = deque([(certificate,)])
    seen = {certificate}
    while waiting:
        path = waiting.popleft()
        for anchor in filter(usable, anchors.named(path[-1].issuer)):
            if issued(path[-1], anchor):
                return (*path, anchor)
        for each in issuers:
            if each not in seen and usable(each) and issued(path[-1], each):
                seen.add(each)
                waiting.append((*path, each))
    return None


def _is_valid(certificate: x509.Certificate, now: float) -> bool:
    start, end = window(certificate)
    return start <= now <= end


def _identifies_key(lower: x509.Certificate, upper: x509.Certificate) -> bool:
    authority = extension(lower, x509.AuthorityKeyIdentifier)
    subject = extension(upper, x509.SubjectKeyIdentifier)
    if authority is None or authority.key_identifier is None or subject is None:
        return True
    return authority.key_identifier == subject.digest
