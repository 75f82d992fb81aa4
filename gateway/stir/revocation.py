"""Whether a chain is revoked, as far as the lists at hand tell (RFC 5280 §6.3, ATIS-1000080).

`Revocations` is made once from lists that were fetched or given, and asked at each call. A certificate that any trusted
list names is revoked, however old the list: nothing is ever taken back. A list speaks for a certificate if it is its
issuer's or an indirect one; certificates in the field seldom say whose (cRLIssuer). This file does no I/O.
"""

from collections.abc import Iterable

from cryptography import x509

from gateway.stir.certificate import name_key
from gateway.stir.chain import TrustedChain
from gateway.stir.crl import CrlFile, CrlRefused, RevocationList, read_crl, trust_crl
from gateway.stir.path import Anchors
from gateway.stir.reasons import Reason

__all__ = ["CrlFile", "CrlRefused", "RevocationList", "Revocations", "read_crl", "trust_crl"]

_NOTHING: frozenset[int] = frozenset()


class Revocations:
    """Lists, ready to be asked.

    lists: the trusted ones. untrusted: issuers (`name_key`) of lists that were handed over but signed by nobody trusted.
    """

    __slots__ = ("lists", "untrusted")

    def __init__(self, lists: Iterable[RevocationList] = (), untrusted: Iterable[str] = ()) -> None:
        self.lists = tuple(lists)
        self.untrusted = frozenset(untrusted)

    @classmethod
    def of(
        cls,
        files: Iterable[CrlFile],
        anchors: Anchors,
        now: float,
        signers: Iterable[x509.Certificate] = (),
    ) -> "Revocations":
        """Sort lists as they were read; `signers`: certificates besides those in the files, such as a chain's."""
        beside, trusted, untrusted = tuple(signers), [], []
        for file in files:
            for crl in file.lists:
                try:
                    trusted.append(trust_crl(crl, anchors, now, (*file.certificates, *beside)))
                except CrlRefused:
                    untrusted.append(name_key(crl.issuer))
        return cls(trusted, untrusted)

    def problem(self, chain: TrustedChain, now: float, required: bool) -> Reason | None:
        """Why the chain must not be used as far as lists tell; None where nothing is known against it.

        required: whether a chain of whose leaf no current list says anything is refused. now: epoch seconds. A list that
        claims to be about this chain but is nobody's we trust is a refusal too: it may be a true one.
        """
        for one in self.lists:
            revoked = one.revoked
            for issuer, serial in chain.serials:
                if serial in revoked.get(issuer, _NOTHING):
                    return Reason.CERTIFICATE_REVOKED
        if self.untrusted and not self.untrusted.isdisjoint(chain.crl_issuers):
            return Reason.CRL_UNTRUSTED
        if required and not any(_covers(one, chain, now) for one in self.lists):
            return Reason.CRL_UNAVAILABLE
        return None


def _covers(one: RevocationList, chain: TrustedChain, now: float) -> bool:
    """Whether the list, by being silent, says that the leaf is not revoked (RFC 5280 §6.3.3 (b))."""
    if one.partial or not one.this_update <= now <= one.next_update:
        return False
    if one.indirect:
        return True
    published = one.urls and chain.crl_urls
    return one.issuer == chain.serials[0][0] and not (published and one.urls.isdisjoint(chain.crl_urls))
