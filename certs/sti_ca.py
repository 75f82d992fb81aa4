"""The lab STI-CA: a root, one intermediate under it, and the leaves of service providers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs import profile
from certs.authority import Authority, SerialSource, new_key
from certs.profile import Profile


@dataclass(frozen=True, slots=True)
class StiCa:
    """A working CA: what its certificates state, and the intermediate that signs them."""

    profile: Profile
    intermediate: Authority

    def issue(
        self,
        key: ec.EllipticCurvePublicKey,
        now: datetime,
        serials: SerialSource,
        *,
        spc: str,
        numbers: Iterable[str] = (),
    ) -> x509.Certificate:
        """A leaf for `key` and `spc`; raises LabRefused for a bad SPC or an expired intermediate."""
        ca = self.intermediate
        return ca.issue(self.profile.leaf(key, ca.certificate, now, serials(), spc=spc, numbers=numbers))


def found_root(now: datetime, serials: SerialSource) -> Authority:
    """A new trust anchor."""
    key = new_key()
    return Authority(profile.root(key.public_key(), now, serials()).signed_by(key), key)


def found(root: Authority, terms: Profile, now: datetime, serials: SerialSource) -> StiCa:
    """A new CA under `root`, with an intermediate of its own."""
    key = new_key()
    template = terms.intermediate(key.public_key(), root.certificate, now, serials())
    return StiCa(terms, Authority(root.issue(template), key))
