"""What can be decided about a call: refused, forwarded to a carrier, or delivered to a softswitch. This file does no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from gateway.policy.holds import Hold
from gateway.policy.inbound import Action, ResultClass
from gateway.policy.peers import Peer
from gateway.stir import reason_header
from gateway.stir.claims import Attest
from gateway.stir.reasons import Verstat
from gateway.stir.tn import TelephoneNumber
from gateway.stir.verdict import Verdict

_PHRASES = {
    403: "Forbidden",
    404: "Not Found",
    433: "Anonymity Disallowed",
    480: "Temporarily Unavailable",
    484: "Address Incomplete",
    486: "Busy Here",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    607: "Unwanted",
    608: "Rejected",
}


class Parties(NamedTuple):
    """Who calls whom, as far as the checks came: for the call log, and for what is counted.

    account: its id. source: the address the call came from. dialled: as the message has it. sent: what a transform made
    of it, None where none matched. caller, callee: canonical digits, None where there are none. emergency: it calls for
    help, so it is not counted.
    """

    account: str | None
    source: str
    caller_dialled: str
    callee_dialled: str
    caller: str | None = None
    callee: str | None = None
    caller_sent: str | None = None
    callee_sent: str | None = None
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """The call ends here, with this SIP status; `retry_after` is in seconds, `headers` are lines for the answer."""

    code: int
    phrase: str
    rule: str
    retry_after: int | None = None
    headers: tuple[str, ...] = ()
    parties: Parties | None = field(default=None, compare=False)


class Forward(NamedTuple):
    """The call goes on to the first of `targets` that takes it.

    `identity` is the full value to add, None where the call goes out as it came; `attest`, `origid` and `iat`
    (epoch seconds) are what it says. `caller` is None where the number is withheld or unreadable. `reason`
    says how the attestation came about. `hold` is what the call occupies, None where it is not counted.
    """

    rule: str
    route: str
    targets: tuple[Peer, ...]
    caller: TelephoneNumber | None
    callee: TelephoneNumber
    account: str | None
    reason: str
    attest: Attest | None = None
    identity: str | None = None
    origid: str | None = None
    iat: int | None = None
    parties: Parties | None = None
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class Deliver:
    """The call goes on to the first of `targets` that takes it: a softswitch, at its next hops for this result.

    `caller` is the number the verdict speaks of, None where there is none to be read. `result` is what the softswitch
    is told, None where nobody is told anything (`action` is then continue).
    """

    rule: str
    action: Action
    route: str
    targets: tuple[Peer, ...]
    caller: TelephoneNumber | None
    callee: TelephoneNumber
    verdict: Verdict
    result: ResultClass | None
    parties: Parties | None = field(default=None, compare=False)
    hold: Hold | None = field(default=None, compare=False)

    @property
    def reason(self) -> str:
        return str(self.verdict.reason.value)

    @property
    def attest(self) -> Attest | None:
        """Of the token that passed."""
        return self.verdict.attest

    @property
    def verstat(self) -> Verstat | None:
        """What the softswitch is told in 3GPP's words."""
        return self.verdict.verstat if self.result else None

    @property
    def upstream(self) -> tuple[str, ...]:
        """Header lines by which the caller's side is told what failed."""
        return reason_header.lines(self.verdict) if self.result else ()


class Refused(Exception):
    """A check refused the call; the engine makes the answer of it."""

    def __init__(self, answer: Refuse) -> None:
        super().__init__(answer.rule)
        self.answer = answer


def refuse(code: int, rule: str, retry_after: int | None = None) -> NoReturn:
    """Refuse the call by a rule that has no phrase of its own."""
    raise Refused(Refuse(code, _PHRASES.get(code, "Refused"), rule, retry_after))
