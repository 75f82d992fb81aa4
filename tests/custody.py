"""A custodian on real files, a lab CA that answers its requests, and a clock that a test sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from certs import pem
from certs.authority import Authority
from certs.builders import CRL_URL, NOW, Defect, counted_serials, make_chain, sound
from certs.profile import Profile
from gateway.credentials.custodian import Custodian, Means
from gateway.credentials.key_files import KeyFiles
from gateway.credentials.keyring import Keyring
from gateway.credentials.manifest import Key
from gateway.credentials.manifest_file import ManifestFile
from gateway.credentials.passphrase import Passphrase
from gateway.stir.path import Anchors
from gateway.stir.revocation import Revocations
from gateway.store.deed import Deed
from gateway.trust.credential import Credential

CERTS_URL = "https://certs.example.test/certs/"
ISSUER = make_chain()
SERIALS = counted_serials()


@dataclass
class Trusting:
    """Trusts the lab's root; lists are what a test puts there."""

    anchors: Anchors = field(default_factory=lambda: Anchors([ISSUER.root.certificate]))
    revocations: Revocations = field(default_factory=Revocations)


@dataclass
class Custody:
    """What a test works with; `now` is the clock's, `changes` what was recorded."""

    folder: Path
    now: float = NOW.timestamp()
    trust: Trusting = field(default_factory=Trusting)
    changes: list[Deed] = field(default_factory=list)
    configured: Credential | None = None
    certs_url: str | None = CERTS_URL

    @property
    def custodian(self) -> Custodian:
        """Made anew each time, as another process would."""
        return Custodian(self.means)

    @property
    def means(self) -> Means:
        return Means(
            ManifestFile(self.folder),
            self.keyring,
            self.trust,
            lambda: self.now,
            self.changes.append,
            self.certs_url,
            self.configured,
        )

    @property
    def keyring(self) -> Keyring:
        return Keyring({"file": KeyFiles(self.folder / "keys", Passphrase.of(None, {}, self.folder))})

    def chain(self, key: Key, spc: str = "616H", leaf: Defect = sound) -> bytes:
        """What the lab CA issues for a key, now."""
        return issued(key, spc, self.now, leaf)

    def installed(self, name: str, spc: str = "616H") -> str:
        """A certificate with a key of its own, ready to be activated."""
        key = self.custodian.make_key(f"key of {name}")
        return self.custodian.install(self.chain(key, spc), name).certificate.name

    def active(self, account: str | None = None) -> str | None:
        found = self.custodian.view().active_for(account)
        return found.name if found else None


def issued(key: Key, spc: str = "616H", now: float = NOW.timestamp(), leaf: Defect = sound) -> bytes:
    """The chain of a leaf for a key of ours."""
    public = load_pem_public_key(key.public_key.encode())
    assert isinstance(public, EllipticCurvePublicKey)
    return pem.chain(leaf_of(public, ISSUER.intermediate, spc, now, leaf), ISSUER.intermediate.certificate)


def leaf_of(
    public: EllipticCurvePublicKey, issuer: Authority, spc: str, now: float, defect: Defect = sound
) -> x509.Certificate:
    at = datetime.fromtimestamp(now, UTC)
    return issuer.issue(defect(Profile(CRL_URL).leaf(public, issuer.certificate, at, SERIALS(), spc=spc)))
