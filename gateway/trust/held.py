"""A trusted chain in memory, and until when it may be used in which way. This file does no I/O; now is an argument.

fetched          refresh_at        fresh_until            notAfter
   |--------- fresh --------|- refresh --|- while the host is down -|  never after
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509

from gateway.stir import chain
from gateway.stir.chain import Anchors, TrustedChain

REFRESH_AT = 0.9
"""Of a chain's lifetime: then it is fetched again, with a tenth left in which to fail."""

RETRY = 60.0
"""Seconds until a refresh that failed is tried again."""


@dataclass(slots=True)
class Held:
    """A chain that anchors of `version` made trusted, and the certificates it was made from.

    fetched: epoch seconds. lifetime: seconds, as HTTP says. Before `look_at` nothing is to be done about it.
    """

    certificates: tuple[x509.Certificate, ...]
    chain: TrustedChain
    version: str
    fetched: float
    lifetime: float
    refresh_at: float = field(init=False)
    fresh_until: float = field(init=False)
    look_at: float = field(init=False)

    def __post_init__(self) -> None:
        lifetime = min(self.lifetime, self.chain.not_after - self.fetched)
        self.look_at = self.refresh_at = self.fetched + REFRESH_AT * lifetime
        self.fresh_until = self.fetched + lifetime

    def postpone(self, now: float) -> None:
        """Nothing better was to be had: go on with this one and try later."""
        self.refresh_at = now + RETRY
        self.fresh_until = max(self.fresh_until, self.refresh_at)
        self.look_at = min(self.refresh_at, self.chain.not_after)


def judge(
    certificates: tuple[x509.Certificate, ...], fetched: float, lifetime: float, anchors: Anchors, now: float
) -> Held:
    """Certificates as a trusted chain; raises ChainRefused."""
    trusted = chain.trust(certificates, anchors, now)
    same = {
        each: each for each in trusted.path
    }  # one object for each certificate, and the one that takes less room
    certificates = tuple(same.get(each, each) for each in certificates)
    return Held(certificates, trusted, anchors.version, fetched, lifetime)
