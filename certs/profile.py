"""The SHAKEN certificate profile (ATIS-1000080 v005) as templates: what each kind of certificate states.

Nothing stands here that the profile does not list, and only basicConstraints and keyUsage are critical.
The STI-PA's certificates are outside the SHAKEN hierarchy: its own signs the revocation list, and one under it
the list of trusted STI-CAs, another one SPC tokens.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs import extensions, names
from certs.extensions import Extension
from certs.refusal import LabRefused
from certs.template import Template
from gateway.stir import tnauthlist

ROOT_LIFETIME = timedelta(days=20 * 365)
INTERMEDIATE_LIFETIME = timedelta(days=5 * 365)
LEAF_LIFETIME = timedelta(days=365)
BACKDATED = timedelta(seconds=60)  # a verifier whose clock is behind by the freshness window still accepts

SHAKEN_POLICY = x509.ObjectIdentifier("2.16.840.1.114569.1.1.4")


@dataclass(frozen=True, slots=True)
class Profile:
    """What all certificates below the root share: their policy and where their revocation is published."""

    crl_url: str
    policy: x509.ObjectIdentifier = SHAKEN_POLICY

    def intermediate(
        self, key: ec.EllipticCurvePublicKey, issuer: x509.Certificate, now: datetime, serial: int
    ) -> Template:
        """An intermediate CA under the root `issuer`; it signs leaves and no further CA."""
        return Template(
            subject=names.INTERMEDIATE,
            issuer=issuer.subject,
            public_key=key,
            serial=serial,
            not_before=now - BACKDATED,
            not_after=_within(issuer, now, INTERMEDIATE_LIFETIME),
            extensions=(
                *extensions.authority("key_cert_sign", path_length=0),
                *self._subordinate(key, issuer),
            ),
        )

    def leaf(
        self,
        key: ec.EllipticCurvePublicKey,
        issuer: x509.Certificate,
        now: datetime,
        serial: int,
        *,
        spc: str,
        numbers: Iterable[str] = (),
    ) -> Template:
        """The certificate that signs calls for service provider `spc`.

        `numbers` adds single telephone numbers to the TNAuthList. The SHAKEN profile wants the SPC alone:
        such a leaf departs from it, to show a verifier what a delegate's scope looks like (RFC 9060).
        """
        subject = names.service_provider(spc)
        scope: list[tnauthlist.Entry] = [tnauthlist.Spc(spc), *(tnauthlist.One(number) for number in numbers)]
        return Template(
            subject=subject,
            issuer=issuer.subject,
            public_key=key,
            serial=serial,
            not_before=now - BACKDATED,
            not_after=_within(issuer, now, LEAF_LIFETIME),
            extensions=(
                *extensions.end_entity(),
                *self._subordinate(key, issuer),
                extensions.tn_auth_list(scope),
            ),
        )

    def _subordinate(self, key: ec.EllipticCurvePublicKey, issuer: x509.Certificate) -> tuple[Extension, ...]:
        return (
            extensions.subject_key(key),
            extensions.authority_key(issuer),
            extensions.policy(self.policy),
            extensions.revocation_list(self.crl_url, names.STI_PA),
        )


def root(key: ec.EllipticCurvePublicKey, now: datetime, serial: int) -> Template:
    """The trust anchor of the STI-CA: no policy, no distribution point."""
    return _self_signed(names.ROOT, key, now, serial, "key_cert_sign")


def sti_pa(key: ec.EllipticCurvePublicKey, now: datetime, serial: int) -> Template:
    """The STI-PA's own certificate, under which the revocation list is checked."""
    return _self_signed(names.STI_PA, key, now, serial, "key_cert_sign", "crl_sign")


def trust_list(
    key: ec.EllipticCurvePublicKey, issuer: x509.Certificate, now: datetime, serial: int, lifetime: timedelta
) -> Template:
    """The certificate under the STI-PA's that signs one list of trusted STI-CAs, and lives as long as the list."""
    return _for_sti_pa(names.TRUST_LIST, key, issuer, now, serial, lifetime)


def token_signer(
    key: ec.EllipticCurvePublicKey, issuer: x509.Certificate, now: datetime, serial: int
) -> Template:
    """The certificate under the STI-PA's that signs SPC tokens."""
    return _for_sti_pa(names.TOKENS, key, issuer, now, serial, LEAF_LIFETIME)


def _for_sti_pa(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Certificate,
    now: datetime,
    serial: int,
    lifetime: timedelta,
) -> Template:
    return Template(
        subject=subject,
        issuer=issuer.subject,
        public_key=key,
        serial=serial,
        not_before=now - BACKDATED,
        not_after=_within(issuer, now, lifetime),
        extensions=(
            *extensions.end_entity(),
            extensions.subject_key(key),
            extensions.authority_key(issuer),
        ),
    )


def _self_signed(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, serial: int, *uses: str
) -> Template:
    return Template(
        subject=subject,
        issuer=subject,
        public_key=key,
        serial=serial,
        not_before=now - BACKDATED,
        not_after=now + ROOT_LIFETIME,
        extensions=(*extensions.authority(*uses), extensions.subject_key(key)),
    )


def _within(issuer: x509.Certificate, now: datetime, lifetime: timedelta) -> datetime:
    """The end of a certificate made `now`, which never outlives its issuer."""
    end = issuer.not_valid_after_utc
    if now >= end:
        raise LabRefused(f"{issuer.subject.rfc4514_string()} expired on {end:%Y-%m-%d}: make a new lab")
    return min(now + lifetime, end)
