"""One certificate chain, as files for programs that are not ours and as objects for us; `sign` and `judge` are our side.

The programs read the clock of the machine, so the chain is valid now and tokens are signed now.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from certs import pem
from certs.builders import Chain, Defect, make_chain, sound
from gateway.stir import identity, verification
from gateway.stir.chain import Anchors, ChainRefused, TrustedChain, read, trust
from gateway.stir.claims import ShakenClaims
from gateway.stir.passport import Signer
from gateway.stir.reasons import Reason
from gateway.stir.revocation import Revocations
from gateway.stir.signalled import Signalled
from gateway.stir.verdict import Verdict
from gateway.stir.verification import Rules

CALLER, CALLEE, ANOTHER = "12155550100", "12155550199", "12155550142"
ORIGID = "7d3f1f62-58a7-4b8f-9c1e-2f0c54a2b1de"
CALL = Signalled(frozenset({CALLER}), CALLEE, CALLEE)


@dataclass(frozen=True, slots=True)
class Lab:
    """A chain that is published at `x5u`, and its files in `folder`."""

    chain: Chain
    folder: Path
    x5u: str

    @classmethod
    def make(cls, folder: Path, x5u: str, leaf: Defect = sound) -> Lab:
        """A new chain, an hour old; its files are written."""
        lab = cls(make_chain(now=datetime.now(UTC) - timedelta(hours=1), leaf=leaf), folder, x5u)
        lab.root.write_bytes(pem.chain(lab.chain.root.certificate))
        lab.certificates.write_bytes(lab.chain.pem)
        lab.key.write_bytes(pem.key(lab.chain.leaf_key))
        return lab

    @property
    def root(self) -> Path:
        """The trust anchor."""
        return self.folder / "root.pem"

    @property
    def certificates(self) -> Path:
        """What `x5u` serves."""
        return self.folder / "leaf.pem"

    @property
    def key(self) -> Path:
        """The leaf's private key."""
        return self.folder / "leaf.key"

    def revocations(self) -> Path:
        """A new list by which the leaf is revoked."""
        file = self.folder / "crl.pem"
        file.write_bytes(pem.crl(self.chain.crl(self.chain.leaf, now=datetime.now(UTC))))
        return file

    def sign(self, attest: str = "A", dest: Sequence[str] = (CALLEE,), age: int = 0) -> str:
        """An Identity value as the gateway makes it, `age` seconds ago."""
        claims = ShakenClaims(attest, tuple(dest), int(time.time()) - age, CALLER, ORIGID)
        return identity.build(Signer(self.chain.leaf_key, self.x5u).sign(claims), self.x5u)

    def judge(self, *values: str, call: Signalled = CALL) -> Verdict:
        """What the gateway makes of a call with these Identity values, whose chain is this one's."""
        now = time.time()
        begun = verification.begin(values, call, now, Rules())
        if isinstance(begun, Verdict):
            return begun
        return begun.finish({self.x5u: self._trusted(now)}, Revocations())

    def _trusted(self, now: float) -> TrustedChain | Reason:
        try:
            return trust(read(self.chain.pem), Anchors([self.chain.root.certificate]), now)
        except ChainRefused as refused:
            return refused.reason


def changed(value: str, part: int) -> str:
    """The Identity value with one bit of its token changed, in header, payload or signature (0, 1, 2).

    It is a bit of the last digit there, so that JSON stays JSON: of x5u in our headers, of origid in our payloads.
    """
    token, semicolon, parameters = value.partition(";")
    parts = token.split(".")
    data = bytearray(urlsafe_b64decode(parts[part] + "=="))
    digits = [place for place, byte in enumerate(data) if byte in b"0123456789"]
    data[digits[-1] if digits else 0] ^= 1
    parts[part] = urlsafe_b64encode(data).decode().rstrip("=")
    return ".".join(parts) + semicolon + parameters
