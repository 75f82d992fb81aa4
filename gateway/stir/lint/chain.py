"""The rules on a certificate file as a whole, which holds the leaf and its intermediates, in order, and no root.

A file that holds CA certificates alone is nobody's x5u: the rules of such a file do not apply to it.
"""

from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from gateway.stir.lint.rule import Departs, Doubtful, Examined, NotApplicable, Rule, rule

Chain = tuple[Examined, ...]
"""The certificates of one file, in its order; at least one."""


@rule("ATIS-1000080, RFC 9060 §6")
def leaf_first(chain: Chain) -> str:
    """One leaf, and it comes first: a verifier takes the first certificate for the signer's."""
    places = [place for place, one in enumerate(chain, start=1) if one.role == "leaf"]
    if not places:
        raise NotApplicable("CA certificates alone")
    if places != [1]:
        raise Departs(f"leaves at places {', '.join(map(str, places))}, where the first alone is one")
    return "the leaf comes first"


@rule("ATIS-1000080, RFC 9060 §5")
def intermediates_included(chain: Chain) -> str:
    """Verifiers have the roots and nothing else: what stands between must be in the file."""
    if chain[0].role != "leaf":
        raise NotApplicable("CA certificates alone")
    if len(chain) == 1:
        raise Doubtful("the leaf alone: verified only where its issuer is itself trusted")
    return f"{len(chain) - 1} above the leaf"


@rule("ATIS-1000080")
def root_left_out(chain: Chain) -> str:
    """A root in the file convinces nobody, and costs everybody its bytes."""
    if chain[0].role != "leaf":
        raise NotApplicable("CA certificates alone")
    if any(one.role in ("root", "crl-issuer") for one in chain):
        raise Doubtful("a root is in the file, which verifiers do not take from there")
    return "no root"


@rule("RFC 9060 §6, RFC 5280 §6.1.3")
def issued_by_the_next(chain: Chain) -> str:
    """Each certificate names the next one as its issuer and bears its signature."""
    for place, (lower, upper) in _links(chain):
        if lower.certificate.issuer != upper.certificate.subject:
            raise Departs(f"certificate {place} was issued by another than certificate {place + 1}")
        try:
            lower.certificate.verify_directly_issued_by(upper.certificate)
        except InvalidSignature:
            raise Departs(f"certificate {place} does not bear the signature of {place + 1}") from None
    return "each is signed by the next"


@rule("ATIS-1000080 §6.4.1, RFC 9060 §6")
def key_identifiers(chain: Chain) -> str:
    """The AKI of each is the SKI of the next."""
    for place, (lower, upper) in _links(chain):
        issuer = lower.required(x509.AuthorityKeyIdentifier).value.key_identifier
        if issuer != upper.required(x509.SubjectKeyIdentifier).value.digest:
            raise Departs(f"the AKI of certificate {place} is not the SKI of {place + 1}")
    return "each AKI is the next one's SKI"


@rule("RFC 5280 §6.1.4")
def path_length(chain: Chain) -> str:
    """No CA stands above more intermediates than its pathLen allows."""
    for below, (_, upper) in _links(chain):
        longest = upper.required(x509.BasicConstraints).value.path_length
        if longest is not None and below - 1 > longest:
            raise Departs(f"certificate {below + 1} allows {longest} CAs below it and has {below - 1}")
    return "within every pathLen"


@rule("RFC 5280 §6.1.3")
def outlived_by_issuers(chain: Chain) -> str:
    """A certificate that outlives its issuer is worth nothing from then on."""
    for place, (lower, upper) in _links(chain):
        if lower.certificate.not_valid_after_utc > upper.certificate.not_valid_after_utc:
            raise Doubtful(f"certificate {place} ends after its issuer, certificate {place + 1}")
    return "none ends after its issuer"


def _links(chain: Chain) -> list[tuple[int, tuple[Examined, Examined]]]:
    """Each certificate with the one after it, under its place in the file."""
    links = list(enumerate(pairwise(chain), start=1))
    if not links:
        raise NotApplicable("a single certificate")
    return links


CHAIN: tuple[Rule[Chain], ...] = (
    leaf_first,
    intermediates_included,
    root_left_out,
    issued_by_the_next,
    key_identifiers,
    path_length,
    outlived_by_issuers,
)
"""In the order in which they are told."""
