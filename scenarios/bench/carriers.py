"""Carriers to measure with: one STI-CA, any number of certificates under it, and tokens signed with them.

All certificates have one key, so that ten thousand are made in seconds; to a verifier they are as strange to each other
as any.
"""

from __future__ import annotations

from datetime import UTC, datetime

from certs import pem
from certs.builders import CRL_URL, make_chain
from certs.profile import Profile
from gateway.origid import new_origid
from gateway.stir.claims import ShakenClaims
from gateway.stir.passport import Signer

CALLER = "12025550100"


class Carriers:
    """Made at `now`, in epoch seconds. `anchors`, `key` and `crl`: PEM of the roots, of the key of all
    certificates, and of a revocation list that names nobody."""

    def __init__(self, now: float) -> None:
        self._now = datetime.fromtimestamp(now, UTC)
        self._made = make_chain(now=self._now)
        self.anchors = pem.chain(self._made.root.certificate, self._made.sti_pa.certificate)
        self.key = pem.key(self._made.leaf_key)
        self.crl = pem.crl(self._made.crl(now=self._now))

    def chain(self, number: int) -> bytes:
        """PEM of one carrier's certificate, and the intermediate's; `number` from 0 to 9,999."""
        ca, key = self._made.intermediate, self._made.leaf_key.public_key()
        template = Profile(CRL_URL).leaf(
            key, ca.certificate, self._now, (1 << 70) + number, spc=f"{number:04}", numbers=()
        )
        return pem.chain(ca.issue(template), ca.certificate)

    def token(self, x5u: str, called: str, iat: int) -> str:
        """A PASSporT of one call of CALLER's, whose certificate is at `x5u`."""
        return Signer(self._made.leaf_key, x5u).sign(ShakenClaims("A", (called,), iat, CALLER, new_origid()))
