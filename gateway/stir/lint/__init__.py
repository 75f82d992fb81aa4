"""The SHAKEN certificate profile (ATIS-1000080 v005), rule by rule: what an operator asks before he serves a chain.

    rule         what a rule is, and by which version a certificate is judged
    fields       version, serial, key, validity, subject
    extensions   what each extension must say
    chain        the certificates of one file together

Verification is more lenient: it refuses what cannot be trusted, and this tells of everything that departs from the
profile. No I/O; `now` is an argument.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from gateway.stir.certificate import UNPARSABLE, is_self_issued
from gateway.stir.lint.chain import CHAIN
from gateway.stir.lint.extensions import EXTENSIONS
from gateway.stir.lint.fields import FIELDS
from gateway.stir.lint.rule import Examined, Outcome, Result, Role, extension_of

__all__ = ["Outcome", "Report", "Result", "Role", "Sheet", "lint"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The results on one certificate, in the order of the file."""

    role: Role
    subject: str
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The results on a certificate file: on each certificate, and on all together."""

    certificates: tuple[Sheet, ...]
    chain: tuple[Result, ...]

    def count(self, outcome: Outcome) -> int:
        """How many results there are of one kind."""
        results = [result for sheet in self.certificates for result in sheet.results]
        return sum(result.outcome == outcome for result in (*results, *self.chain))


def lint(certificates: Sequence[x509.Certificate], now: datetime) -> Report:
    """Hold the certificates of one file, at least one, to the profile at `now`; never raises for what they hold."""
    chain = tuple(Examined(each, _role(each), now) for each in certificates)
    issued = certificates[0].not_valid_before_utc
    return Report(
        certificates=tuple(_sheet(one) for one in chain),
        chain=tuple(rule.judge(chain, issued) for rule in CHAIN),
    )


def _sheet(one: Examined) -> Sheet:
    issued = one.certificate.not_valid_before_utc
    results = tuple(rule.judge(one, issued) for rule in (*FIELDS, *EXTENSIONS))
    return Sheet(one.role, _subject(one.certificate), results)


def _role(certificate: x509.Certificate) -> Role:
    """From basicConstraints and whether it is self-issued; what cannot be read is a stranger's leaf."""
    try:
        constraints = extension_of(certificate, x509.BasicConstraints)
        usage = extension_of(certificate, x509.KeyUsage)
        if constraints is None or not constraints.value.ca:
            return "leaf"
        if not is_self_issued(certificate):
            return "intermediate"
    except UNPARSABLE:
        return "leaf"
    outside = "SHAKEN" not in _subject(certificate).upper()
    return "crl-issuer" if outside and usage is not None and usage.value.crl_sign else "root"


def _subject(certificate: x509.Certificate) -> str:
    try:
        return certificate.subject.rfc4514_string()
    except UNPARSABLE:
        return ""
