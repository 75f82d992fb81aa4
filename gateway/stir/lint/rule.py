"""What a rule of the certificate profile is: a function that says what it found, or raises why that will not do.

Which version of ATIS-1000080 a certificate is held to follows from when it was issued. A rule that came into force
later is told as a warning: the certificate was made by the rules of its day, but a strict verifier may refuse it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, Literal, NoReturn, TypeVar

from cryptography import x509
from cryptography.x509.oid import NameOID

from gateway.stir import tnauthlist
from gateway.stir.certificate import UNPARSABLE

Role = Literal["leaf", "intermediate", "root", "crl-issuer"]
"""What a certificate is for. A crl-issuer is the STI-PA's: it signs revocation lists, beside the SHAKEN hierarchy."""

Outcome = Literal["pass", "warn", "fail", "not-applicable"]

TN_AUTH_LIST = x509.ObjectIdentifier(tnauthlist.OID)

Subject = TypeVar("Subject")
Extension = TypeVar("Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of ATIS-1000080; `in_force`: certificates issued from then on are held to it."""

    name: str
    in_force: datetime


V003 = Version("v003", datetime.min.replace(tzinfo=UTC))
V004 = Version("v004", datetime(2022, 1, 16, tzinfo=UTC))  # published 2021-10-18; CAs had 90 days
V005 = Version("v005", datetime(2023, 4, 1, tzinfo=UTC))  # published in December 2022, and 90 days


class Departs(Exception):
    """The certificate departs from the rule: what was found, and since which version that is wrong."""

    def __init__(self, found: str, since: Version = V003) -> None:
        super().__init__(found)
        self.found, self.since = found, since


class Doubtful(Exception):
    """Not wrong by the letter, but an operator should know: what was found."""


class NotApplicable(Exception):
    """The rule says nothing about this one: why."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one rule. found: what was seen, in words. clause: what the rule rests on."""

    rule: str
    outcome: Outcome
    clause: str
    found: str


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """One rule; its name is its function's."""

    clause: str
    check: Callable[[Subject], str]

    def judge(self, subject: Subject, issued: datetime) -> Result:
        """Hold `subject` to the rule as it stood when it was `issued`; never raises."""
        outcome, found = self._outcome(subject, issued)
        return Result(self.check.__name__.replace("_", "-"), outcome, self.clause, found)

    def _outcome(self, subject: Subject, issued: datetime) -> tuple[Outcome, str]:
        try:
            return "pass", self.check(subject)
        except Departs as departs:
            if issued < departs.since.in_force:
                return "warn", f"{departs.found}; wrong since {departs.since.name}, it was issued earlier"
            return "fail", departs.found
        except Doubtful as doubtful:
            return "warn", str(doubtful)
        except NotApplicable as reason:
            return "not-applicable", str(reason)
        except UNPARSABLE as error:
            return "fail", f"cannot be read: {error}"


def rule(clause: str) -> Callable[[Callable[[Subject], str]], Rule[Subject]]:
    """Make a function that says what it found, or raises one of the above, the rule of a clause."""
    return lambda check: Rule(clause, check)


@dataclass(frozen=True, slots=True)
class Examined:
    """A certificate under examination at `now`, and what it is for."""

    certificate: x509.Certificate
    role: Role
    now: datetime

    def extension(self, kind: type[Extension]) -> x509.Extension[Extension] | None:
        """The extension of that kind, if there is one."""
        return extension_of(self.certificate, kind)

    def required(self, kind: type[Extension]) -> x509.Extension[Extension]:
        """The extension of that kind, which the profile wants."""
        return self.extension(kind) or depart("missing")

    def scope(self) -> tuple[tnauthlist.Entry, ...] | None:
        """The entries of the TNAuthList, None where there is none; ValueError for one that cannot be read."""
        try:
            found = self.certificate.extensions.get_extension_for_oid(TN_AUTH_LIST)
        except x509.ExtensionNotFound:
            return None
        return tnauthlist.decode(found.value.public_bytes())

    def common_name(self) -> str:
        """The only CN of the subject."""
        names = attributes(self.certificate.subject, NameOID.COMMON_NAME)
        if len(names) != 1:
            raise Departs(f"{len(names) or 'no'} CN in the subject")
        return names[0]


def extension_of(certificate: x509.Certificate, kind: type[Extension]) -> x509.Extension[Extension] | None:
    """The extension of that kind, if there is one."""
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def attributes(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    """The values of one attribute of a name, as text."""
    return [str(each.value) for each in name.get_attributes_for_oid(oid)]


def depart(found: str, since: Version = V003) -> NoReturn:
    """Raise Departs where an expression is wanted."""
    raise Departs(found, since)
