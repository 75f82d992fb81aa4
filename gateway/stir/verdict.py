"""What a verification found: on each Identity header, and on the call. This file does no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.stir.claims import Attest
from gateway.stir.reasons import Fault, Reason, Verstat


class HeaderVerdict(NamedTuple):
    """What became of one Identity header; what could not be read is None.

    detail: what exactly was wrong, in kebab-case or a claim's name; "div" where it was a diversion that the token needs.
    x5u: None unless `info` says the same. signature: the token's last part, which names the token without telling its
    claims; empty where it is too long to be one. subject, spc: of the certificate. div: the number that diverted.

    A tuple, for one is made for each header of each call and a frozen dataclass takes three times as long.
    """

    reason: Reason
    detail: str = ""
    ppt: str | None = None
    attest: Attest | None = None
    origid: str | None = None
    orig: str | None = None
    dest: tuple[str, ...] = ()
    iat: float | None = None
    x5u: str | None = None
    signature: str = ""
    subject: str | None = None
    spc: str | None = None
    div: str | None = None

    @property
    def passed(self) -> bool:
        return self.reason is Reason.PASSED


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be believed of a call: the reason that decides, and the verdict on each header in order."""

    reason: Reason
    headers: tuple[HeaderVerdict, ...] = ()
    decisive: HeaderVerdict | None = field(init=False, compare=False)
    """The header the verdict rests on."""

    def __post_init__(self) -> None:
        decisive = next((each for each in main(self.headers) if each.reason is self.reason), None)
        object.__setattr__(self, "decisive", decisive)

    @property
    def passed(self) -> bool:
        return self.reason is Reason.PASSED

    @property
    def verstat(self) -> Verstat:
        return self.reason.verstat

    @property
    def cause(self) -> int | None:
        return self.reason.cause

    @property
    def fault(self) -> Fault | None:
        return self.reason.fault

    @property
    def attest(self) -> Attest | None:
        """Of the header that passed; what a failed token says is nobody's word."""
        return self.decisive.attest if self.passed and self.decisive else None

    @property
    def origid(self) -> str | None:
        return self.decisive.origid if self.passed and self.decisive else None

    @property
    def failures(self) -> tuple[HeaderVerdict, ...]:
        """The headers that failed, each to be told of (RFC 9410 §3)."""
        return tuple(each for each in self.headers if not each.passed)


def main(headers: tuple[HeaderVerdict, ...]) -> Sequence[HeaderVerdict]:
    """The headers that speak of the call; a diversion alone never makes it pass."""
    return [each for each in headers if each.ppt != "div"] or headers
