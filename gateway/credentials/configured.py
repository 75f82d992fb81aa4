"""The credential the configuration names, or a plain word on why there is none.

A gateway without a credential still runs: it refuses what it would have to sign, and says so, so that VOS3000
tries its next gateway.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.config import Signing
from gateway.trust.credential import Credential, CredentialRefused, load_credential
from gateway.trust.keys import KeyRefused


@dataclass(frozen=True, slots=True)
class Found:
    """A credential, or the problem that stands in its place."""

    credential: Credential | None
    problem: str | None


def signing_credential(signing: Signing) -> Found:
    """Load what `[signing]` names; never raises for a key or a chain that cannot be used."""
    if not (signing.certificate and signing.key and signing.chain and signing.x5u):
        return Found(None, "[signing] names no certificate")
    try:
        return Found(load_credential(signing.certificate, signing.key, signing.chain, signing.x5u), None)
    except (KeyRefused, CredentialRefused) as refused:
        return Found(None, str(refused))
