"""Who signs the calls of the carriers: a sound SHAKEN leaf, and others with one defect each.

All of them are made anew for each gateway, so what a test revokes, or comes to trust, is that gateway's affair alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.x509.oid import ExtensionOID

from certs import pem
from certs.authority import Authority
from certs.builders import Chain, make_chain, make_delegate
from certs.lab import Lab
from certs.ledger import Ledger
from certs.template import Template
from gateway.stir.tnauthlist import One
from gateway.trust.keys import load_private_key

OWN = "616H"  # signs what leaves the gateway
SOUND = "709J"
DELEGATES = {  # by the numbers they have
    "delegate": ["13035550123"],
    "delegate-of-another": ["13035550199"],
    "bare": [],  # without a TNAuthList
}
REVOKED = "revoked"
DOOMED = "doomed"  # sound until a test revokes it
EXPIRED = "expired"
STRANGER = "stranger"  # under a root nobody trusts
NEWCOMER = "newcomer"  # under a root that nobody trusts yet

Signing = tuple[str, tuple[EllipticCurvePrivateKey, bytes]]
"""A signer: its name, its key, and the PEM that its x5u serves."""

LONG_AGO = timedelta(days=2 * 365)


@dataclass(frozen=True, slots=True)
class Signers:
    """Every signer's key, and what its x5u serves; `lab` issued most of them, `newcomers` is the root to come."""

    lab: Lab
    newcomers: x509.Certificate
    keys: Mapping[str, EllipticCurvePrivateKey] = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def make(cls, folder: Path, published: str, now: datetime) -> Signers:
        """A new lab in `folder`, which says that it is `published` at that URL, and all who sign."""
        lab = Lab(folder)
        lab.init(Ledger(published), now, x509.random_serial_number)
        for name in (OWN, SOUND, REVOKED, DOOMED):
            lab.leaf(OWN if name == OWN else SOUND, now, x509.random_serial_number, name=name)
        lab.leaf(SOUND, now - LONG_AGO, x509.random_serial_number, name=EXPIRED)
        lab.revoke(REVOKED, now)
        chains = {name: _chain(now) for name in (STRANGER, NEWCOMER)}
        signing = dict([*_issued(folder), *_delegates(folder, now), *map(_leaf, chains.items())])
        return cls(
            lab,
            chains[NEWCOMER].root.certificate,
            keys={name: key for name, (key, _) in signing.items()},
            files={f"{name}.pem": served for name, (_, served) in signing.items()},
        )

    def revoke(self, name: str) -> None:
        """Have the lab revoke what it issued, and publish that."""
        self.lab.revoke(name, datetime.now(UTC))


def _issued(folder: Path) -> Iterator[Signing]:
    """What the lab issued."""
    for path in folder.glob("*.key"):
        yield path.stem, (load_private_key(path), path.with_suffix(".pem").read_bytes())


def _delegates(folder: Path, now: datetime) -> Iterator[Signing]:
    """Leaves under the lab's intermediate that have no service provider code."""
    above = (folder / "intermediate.pem").read_bytes()
    issuer = Authority(pem.certificates(above)[0], load_private_key(folder / "intermediate.key"))
    for serial, (name, numbers) in enumerate(DELEGATES.items(), 1 << 66):
        leaf = make_delegate(issuer, map(One, numbers), now=now, serial=serial)
        yield name, (leaf.key, pem.chain(leaf.certificate) + above)


def _chain(now: datetime) -> Chain:
    """Under a root of its own, naming no revocation list: the lab's has nothing to say of it."""

    def unlisted(template: Template) -> Template:
        return template.without(ExtensionOID.CRL_DISTRIBUTION_POINTS)

    return make_chain(now=now, intermediate=unlisted, leaf=unlisted)


def _leaf(named: tuple[str, Chain]) -> Signing:
    name, chain = named
    return name, (chain.leaf_key, chain.pem)
