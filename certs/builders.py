"""Chains for tests: sound by default, so that a case states its defect and nothing else.

    make_chain()                                                  a chain that verifies
    make_chain(leaf=lambda leaf: leaf.without(TN_AUTH_LIST))      its leaf may sign for nobody
    make_chain(leaf=lambda leaf: replace(leaf, not_after=NOW))    its leaf expires at NOW
    make_chain(leaf_key=ec.generate_private_key(ec.SECP384R1()))  its key is on the wrong curve
    make_delegate(issuer, [Range("12155550100", 100)])            one more below it, with numbers (RFC 9060)

The clock stands at NOW and serials count up; only keys and signatures differ from run to run.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs import extensions, names, pem, profile, sti_pa
from certs.authority import Authority, SerialSource, new_key
from certs.profile import Profile
from certs.sti_pa import Revoked
from certs.template import Template
from gateway.stir import tnauthlist

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CRL_URL = "https://certs.example.test/certs/crl.pem"

Defect = Callable[[Template], Template]


def sound(template: Template) -> Template:
    """No defect."""
    return template


def counted_serials() -> SerialSource:
    """Serials of 65 bits that count up: as long as real ones, and the same in every run."""
    return count(1 << 64).__next__


@dataclass(frozen=True, slots=True)
class Chain:
    """A leaf, its key, and everything above it; `sti_pa` publishes what of it is revoked."""

    root: Authority
    intermediate: Authority
    leaf: x509.Certificate
    leaf_key: ec.EllipticCurvePrivateKey = field(repr=False)
    sti_pa: Authority

    @property
    def pem(self) -> bytes:
        """What an x5u serves: the leaf, then the intermediate."""
        return pem.chain(self.leaf, self.intermediate.certificate)

    def crl(self, *revoked: x509.Certificate, now: datetime = NOW) -> x509.CertificateRevocationList:
        """The revocation list of `now` that names `revoked`."""
        entries = [Revoked(one.issuer, one.serial_number, now) for one in revoked]
        return sti_pa.make_crl(self.sti_pa, CRL_URL, 1, entries, now)


def make_chain(
    *,
    spc: str = "616H",
    numbers: Iterable[str] = (),
    now: datetime = NOW,
    root: Defect = sound,
    intermediate: Defect = sound,
    leaf: Defect = sound,
    leaf_key: ec.EllipticCurvePrivateKey | None = None,
) -> Chain:
    """A chain made at `now`, each certificate passed through its defect before it is signed."""
    serials, terms = counted_serials(), Profile(CRL_URL)
    anchor = _self_signed(profile.root, root, now, serials)
    ca_key, leaf_key = new_key(), leaf_key or new_key()
    ca_template = terms.intermediate(ca_key.public_key(), anchor.certificate, now, serials())
    ca = Authority(anchor.issue(intermediate(ca_template)), ca_key)
    leaf_template = terms.leaf(
        leaf_key.public_key(), ca.certificate, now, serials(), spc=spc, numbers=numbers
    )
    return Chain(anchor, ca, ca.issue(leaf(leaf_template)), leaf_key, sti_pa.found(now, serials))


def make_delegate(
    issuer: Authority,
    scope: Iterable[tnauthlist.Entry] = (),
    *,
    spc: str = "DELEGATE",
    ca: bool = False,
    now: datetime = NOW,
    serial: int = 1 << 66,
    defect: Defect = sound,
) -> Authority:
    """A certificate under `issuer`, with its own TNAuthList if `scope` has entries; one that is a CA may delegate further.

    spc: makes its name. The lab's intermediate allows no CA below it, unless a defect says otherwise.
    """
    key, entries = new_key(), tuple(scope)
    uses = extensions.authority("key_cert_sign", "crl_sign") if ca else extensions.end_entity()
    template = Template(
        subject=names.service_provider(spc),
        issuer=issuer.certificate.subject,
        public_key=key.public_key(),
        serial=serial,
        not_before=now - profile.BACKDATED,
        not_after=now + profile.LEAF_LIFETIME,
        extensions=(
            *uses,
            extensions.subject_key(key.public_key()),
            extensions.authority_key(issuer.certificate),
            *([extensions.tn_auth_list(entries)] if entries else []),
        ),
    )
    return Authority(issuer.issue(defect(template)), key)


def _self_signed(
    template: Callable[[ec.EllipticCurvePublicKey, datetime, int], Template],
    defect: Defect,
    now: datetime,
    serials: SerialSource,
) -> Authority:
    key = new_key()
    return Authority(defect(template(key.public_key(), now, serials())).signed_by(key), key)
