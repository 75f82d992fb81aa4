"""Whether a chain is revoked, as far as the lists at hand tell (RFC 5280 §6.3, ATIS-1000080).

`Revocations` is made once from lists that were fetched or given, and asked at each call. A certificate that any trusted
list names is revoked, however old the list: nothing is ever taken back. A list speaks for a certificate if it is its
issuer's or an indirect one; certificates in the field seldom say whose (cRLIssuer). A list that is refused for whatever
reason proves nothing, but a chain that it is about is not passed as if it had not been there. This file does no I/O.
"""

from collections.abc import Iterable, Sequence

from cryptography import x509

from gateway.stir.chain import TrustedChain
from gateway.stir.crl import Claim, CrlFile, CrlRefused, RevocationList, read_crl, trust_crl
from gateway.stir.crl_entries import ANYBODY
from gateway.stir.path import Anchors
from gateway.stir.reasons import Reason

__all__ = ["Claim", "CrlFile", "CrlRefused", "RevocationList", "Revocations", "read_crl", "trust_crl"]

_NOTHING: frozenset[int] = frozenset()


class Revocations:
    """Lists, ready to be asked.

    lists: the trusted ones. refused: what those say that were handed over and refused.
    """

    __slots__ = ("lists", "refused")

    def __init__(self, lists: Iterable[RevocationList] = (), refused: Iterable[Claim] = ()) -> None:
        self.lists = tuple(lists)
        self.refused = tuple(refused)

    @classmethod
    def of(
        cls,
        files: Iterable[CrlFile],
        anchors: Anchors,
        now: float,
        signers: Iterable[x509.Certificate] = (),
    ) -> "Revocations":
        """Sort lists as they were read; `signers`: certificates besides those in the files, such as a chain's."""
        beside, trusted, refused = tuple(signers), [], []
        for file in files:
            for place, crl in enumerate(file.lists):
                try:
                    trusted.append(trust_crl(crl, anchors, now, (*file.certificates, *beside)))
                except CrlRefused:
                    refused.append(file.claims[place])
        return cls(trusted, refused)

    def names(self, serials: Sequence[tuple[str, int]]) -> bool:
        """Whether a trusted list names any of these certificates, each by issuer (`name_key`) and serial number."""
        for one in self.lists:
            revoked = one.revoked
            for issuer, serial in serials:
                if serial in revoked.get(issuer, _NOTHING):
                    return True
        return False

    def problem(self, chain: TrustedChain, now: float, required: bool) -> Reason | None:
        """Why the chain must not be used as far as lists tell; None where nothing is known against it.

        required: whether a chain of whose leaf no current list says anything is refused. now: epoch seconds. A refused
        list that claims to be about this chain is a refusal too: it may be a true one.
        """
        if self.names(chain.serials):
            return Reason.CERTIFICATE_REVOKED
        for claim in self.refused:
            if _concerns(claim, chain):
                return Reason.CRL_UNTRUSTED
        if required and not any(_covers(one, chain, now) for one in self.lists):
            return Reason.CRL_UNAVAILABLE
        return None


def _concerns(one: Claim, chain: TrustedChain) -> bool:
    """Whether it claims to be of somebody who may publish the chain's revocation, or names a certificate of it."""
    if one.issuer in chain.crl_issuers:
        return True
    named, anybody = one.named, one.named.get(ANYBODY, _NOTHING)
    return any(serial in named.get(issuer, _NOTHING) or serial in anybody for issuer, serial in chain.serials)


def _covers(one: RevocationList, chain: TrustedChain, now: float) -> bool:
    """Whether the list, by being silent, says that the leaf is not revoked (RFC 5280 §6.3.3 (b))."""
    if one.partial or not one.this_update <= now <= one.next_update:
        return False
    if one.indirect:
        return True
    published = one.urls and chain.crl_urls
    return one.issuer == chain.serials[0][0] and not (published and one.urls.isdisjoint(chain.crl_urls))
