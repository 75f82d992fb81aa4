"""Certificate chains and revocation lists by their text: what comes again and again is read and judged once.

What depends on the moment is asked again at each use. Tables are bounded, for strangers fill them. No I/O.
"""

from collections.abc import Iterable
from typing import TypeVar

from gateway.stir.chain import Anchors, ChainRefused, TrustedChain, read, trust
from gateway.stir.crl import CrlFile, read_crl
from gateway.stir.reasons import Reason
from gateway.stir.revocation import Revocations

MOST_CHAINS = 4096
MOST_LISTS = 64
"""Texts that are remembered; the oldest goes first."""

_PASSING = frozenset({Reason.CERTIFICATE_EXPIRED, Reason.CERTIFICATE_NOT_YET_VALID})
"""Refusals that another moment may undo."""

_NO_LISTS = Revocations()

_Authorities = tuple[tuple[tuple[str, int], ...], ...]
"""The CAs of some chains, by issuer and serial number."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class KnownChains:
    """Chains by their PEM, under one set of anchors."""

    def __init__(self, anchors: Anchors) -> None:
        self._anchors = anchors
        self._trusted: dict[str, TrustedChain] = {}
        self._refused: dict[str, Reason] = {}

    def get(self, pem: str, now: float) -> TrustedChain | Reason:
        """The chain, trusted and valid at `now` (epoch seconds), or the reason why it is not."""
        known = self._trusted.get(pem)
        if known is not None and known.problem_at(now) is None:
            return known
        return self._refused.get(pem) or self._judged(pem, now)

    def _judged(self, pem: str, now: float) -> TrustedChain | Reason:
        try:
            chain = trust(read(_bytes(pem)), self._anchors, now)
        except ChainRefused as refused:
            if refused.reason not in _PASSING:
                _remember(self._refused, pem, refused.reason, MOST_CHAINS)
            return refused.reason
        return _remember(self._trusted, pem, chain, MOST_CHAINS)


class KnownLists:
    """Revocation lists by their PEM, under one set of anchors."""

    def __init__(self, anchors: Anchors) -> None:
        self._anchors = anchors
        self._files: dict[str, CrlFile] = {}
        self._sorted: dict[tuple[tuple[str, ...], _Authorities], Revocations] = {}

    def read(self, pems: tuple[str, ...]) -> None:
        """See that all are lists; raises CrlRefused."""
        for pem in pems:
            self._file(pem)

    def get(self, pems: tuple[str, ...], chains: Iterable[TrustedChain | Reason], now: float) -> Revocations:
        """The lists ready to be asked at `now` about some chains, whose CAs may have signed them."""
        if not pems:
            return _NO_LISTS
        trusted = [chain for chain in chains if isinstance(chain, TrustedChain)]
        key = pems, tuple([chain.serials[1:] for chain in trusted])
        known = self._sorted.get(key)
        if known is not None:
            return known
        authorities = [each for chain in trusted for each in chain.path[1:]]
        found = Revocations.of([self._file(pem) for pem in pems], self._anchors, now, authorities)
        # Whoever signed a refused list may be trusted at another moment; what a trusted one revokes stays revoked.
        return found if found.refused else _remember(self._sorted, key, found, MOST_LISTS)

    def _file(self, pem: str) -> CrlFile:
        known = self._files.get(pem)
        return known or _remember(self._files, pem, read_crl(_bytes(pem)), MOST_LISTS)


def _remember(table: dict[_Key, _Value], key: _Key, value: _Value, most: int) -> _Value:
    if len(table) >= most:
        del table[next(iter(table))]
    table[key] = value
    return value


def _bytes(pem: str) -> bytes:
    return pem.encode("utf-8", "replace")  # half a surrogate pair has no bytes
