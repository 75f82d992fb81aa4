"""The checks that a call from either side goes through: transforms, lists, prefixes, geofence, limits.

`NumberPolicy` is one call on its way: each check reads what is known so far, writes down what it found, answers in a few
words what it decided, or refuses. `gateway.engine` lists the checks in their order. This file does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.decision import Parties, refuse
from gateway.policy import geofence, lists, permits
from gateway.policy.access import account_of
from gateway.policy.accounts import Account
from gateway.policy.columns import key_or_none
from gateway.policy.emergency import emergency_number
from gateway.policy.holds import Hold
from gateway.policy.limits import Limits
from gateway.policy.lists import Attachment, Party
from gateway.policy.offences import BLOCKED_ADDRESS
from gateway.policy.peers import Peer
from gateway.policy.rates import Rate
from gateway.policy.snapshot import Snapshot
from gateway.policy.terms import Terms
from gateway.policy.transform import Transform
from gateway.policy.usage import Reading
from gateway.stir.numberplan import LONGEST_SHORT_CODE
from gateway.stir.tn import InvalidNumber, TelephoneNumber, canonical, written, written_digits

PASSES = "passes"
NOTHING = "nothing asked"


@dataclass(slots=True)
class Number:
    """The number of one party on its way from what was dialled to what is meant.

    dialled: as the message has it, an address or digits. sent: what a transform made of it, None where none matched.
    meant: canonical, None where it is withheld or cannot be read; `problem` says why (the reasons of `gateway.stir.tn`).
    written: the digits that were dialled, where there are transforms. listed: as a list would have it, `key` what it is
    looked up by, `in_lists` the same if any group has it. white: it is on the System White List.
    """

    party: Party
    dialled: str
    sent: str | None = None
    written: str = ""
    transform: Transform | None = None
    meant: TelephoneNumber | None = None
    problem: str = ""
    listed: str | None = None
    key: int | None = None
    in_lists: int | None = None
    white: bool = False

    @property
    def digits(self) -> str | None:
        return self.meant.digits if self.meant else None

    @property
    def is_dial_string(self) -> bool:
        """Whether a service code has a number behind it (*67 1 242 …): it is no number, and could be dialled as one."""
        digits = self.digits or ""
        return digits.startswith(("*", "#")) and sum(map(str.isdigit, digits)) > LONGEST_SHORT_CODE


@dataclass(slots=True)
class NumberPolicy:
    """One call on its way through the checks: who brings it, from where, and what was found out so far."""

    peer: Peer
    address: str
    country: str | None
    caller: Number
    callee: Number
    snapshot: Snapshot
    usage: Reading
    now: float
    account_id: str | None = None
    account: Account | None = None
    emergency: TelephoneNumber | None = None
    owners: tuple[tuple[str, Terms], ...] = ()
    charges: list[tuple[str, Rate]] = field(default_factory=list)

    # What the outcome says of the call

    @property
    def parties(self) -> Parties:
        caller, callee = self.caller, self.callee
        return Parties(
            self.account_id,
            self.address,
            caller_dialled=caller.dialled,
            callee_dialled=callee.dialled,
            caller=caller.meant.digits if caller.meant else None,
            callee=callee.meant.digits if callee.meant else None,
            caller_sent=caller.sent,
            callee_sent=callee.sent,
            emergency=self.emergency is not None,
        )

    @property
    def hold(self) -> Hold | None:
        """What the call occupies while it lasts; an emergency call is not counted."""
        caller, callee = self.caller.meant, self.callee.meant
        if self.emergency or callee is None:
            return None
        return Hold(
            owners=tuple([owner for owner, _ in self.owners]),
            caller=caller.digits if caller else None,
            callee=callee.digits,
            charges=tuple(self.charges),
            account=self.account_id,
        )

    # The checks

    def source(self) -> str:
        """Whose call it is: the peer's account, or the one that is bound to the address."""
        self.account_id = account_of(self.peer, self.address, self.snapshot.account_addresses)
        self.account = self.snapshot.accounts.get(self.account_id or "")
        self.owners = ((self.peer.owner, self.peer.terms),)
        if self.account:
            self.owners += ((self.account.owner, self.account.terms),)
        return f"account {self.account_id}" if self.account_id else "no account"

    def transform(self) -> str:
        """Numbers as dialled become numbers as meant."""
        for number in (self.caller, self.callee):
            self._rewrite(number)
            self._read(number)
        return "unchanged" if self.caller.sent is None and self.callee.sent is None else "rewritten"

    def _rewrite(self, number: Number) -> None:
        rules = self.snapshot.transforms
        if rules.has(self.peer.name, number.party):
            number.written = as_written(number.dialled)
            sent, number.transform = rules.apply(self.peer.name, number.party, number.written)
            number.sent = sent if number.transform else None

    def _read(self, number: Number) -> None:
        text = number.dialled if number.sent is None else number.sent
        try:
            number.meant = canonical(text, self.peer.plan)
            number.listed = number.meant.digits
        except InvalidNumber as error:
            number.problem = error.reason
            number.listed = _bare(text)
        number.key = key_or_none(number.listed)

    def recognise_emergency(self) -> str:
        """A number that calls for help, as it was dialled or as it was read after the transforms."""
        if self._is_ordinary:
            return "none"
        self.emergency = emergency_number(self.callee.dialled, self.peer)
        if self.emergency:
            self.callee.sent = None  # it goes out as dialled: a rule for an outside line would make 11 of 911
        elif self.callee.listed:
            self.emergency = emergency_number(self.callee.listed, self.peer)
        if self.emergency is None:
            return "none"
        self.callee.meant = self.emergency
        return "passes everything"

    @property
    def _is_ordinary(self) -> bool:
        """Whether the called number is too long to be anybody's emergency number, without looking closer."""
        callee = self.callee
        return (
            callee.meant is not None
            and len(callee.meant.digits) > LONGEST_SHORT_CODE
            and (callee.sent is None or len(callee.written) > LONGEST_SHORT_CODE + 1)  # it may have a "+"
            and not self.peer.emergency
        )

    def addresses(self) -> str:
        """The source address is not blocked, and on no feed of bad ones."""
        if self.usage.blocked("access", self.address, self.now):
            refuse(self.peer.refuse_with, BLOCKED_ADDRESS)
        found = self.snapshot.address_ranges.find(self.address, self.now)
        if found:
            refuse(self.peer.refuse_with, f"geofence.feed:{found.feed}")
        return PASSES

    def shape(self) -> str:
        """The called number is one; the caller, readable or not, is no longer than callers may be."""
        if self.callee.meant is None:
            refuse(484, f"callee.{self.callee.problem}")
        if self.callee.is_dial_string:
            refuse(484, "callee.ambiguous")
        length = len(self.caller.listed or "")
        for owner, longest in self._longest_callers():
            if longest and length > longest:
                refuse(self.peer.refuse_with, f"caller.too-long{owner}")
        return f"caller {self.caller.problem}" if self.caller.problem else PASSES

    def _longest_callers(self) -> Iterator[tuple[str, int | None]]:
        """How many digits a caller may have by SS_CALLERALLOWLENGTH, and by the owner that stands in the rule."""
        yield "", self.snapshot.parameters.caller_length
        for owner, terms in self.owners:
            yield f":{owner}", terms.permits.max_caller_length

    def white_list(self) -> str:
        """A number on the System White List is on no black list."""
        for number in (self.caller, self.callee):
            number.white = number.key is not None and self.snapshot.system_white.holds(number.key)
        found = [number.party for number in (self.caller, self.callee) if number.white]
        return f"listed: {', '.join(found)}" if found else "not listed"

    def dynamic_list(self) -> str:
        """Neither number is blocked for what calls with it did lately."""
        for number in (self.caller, self.callee):
            if number.listed and not number.white:
                self._dynamic(number, number.listed)
        return PASSES

    def _dynamic(self, number: Number, listed: str) -> None:
        if self.usage.blocked("malicious-call", listed, self.now):
            refuse(self.peer.refuse_with, f"dynamic.malicious-call:{number.party}")
        if self.usage.blocked("no-answer", listed, self.now):
            refuse(self.peer.refuse_with, f"dynamic.no-answer:{number.party}")

    def groups(self) -> str:
        """Black and white groups of the peer and the account."""
        attached = [(owner, terms) for owner, terms in self.owners if terms.lists]
        if not attached:
            return NOTHING
        listed = [self._look_up(number) for number in (self.caller, self.callee)]
        for owner, terms in attached:
            if terms.has_white or any(listed):  # else no group has a say
                self._listed(self.caller, owner, terms.lists)
                self._listed(self.callee, owner, terms.lists)
        return PASSES

    def _look_up(self, number: Number) -> bool:
        """Whether any group at all has the number: most are in none."""
        listed = number.key is not None and self.snapshot.listed.holds(number.key)
        number.in_lists = number.key if listed else None
        return listed

    def _listed(self, number: Number, owner: str, attachments: tuple[Attachment, ...]) -> None:
        if not number.white:
            groups = self.snapshot.groups
            self._refuse_by(
                lists.refusal(attachments, owner, number.party, number.in_lists, groups, self.now)
            )

    def prefixes(self) -> str:
        """Prefix rules of the caller, the called number, the account; international; premium."""
        for owner, terms in self.owners:
            self._refuse_by(
                permits.refusal(terms.permits, owner, self.caller.digits, self.called, self.peer.plan)
            )
        return PASSES if self.owners else NOTHING

    def fence(self) -> str:
        """Countries and areas: of the source address, the caller, the called number."""
        for owner, terms in self.owners:
            self._refuse_by(
                geofence.refusal(
                    terms.fence, owner, self.country, self.caller.digits, self.called, self.snapshot.areas
                )
            )
        return PASSES if self.owners else NOTHING

    def limits(self) -> str:
        """Concurrent calls, calls a second, spend of the day."""
        for owner, terms in self.owners:
            limits = terms.limits
            if limits.rates is not None:
                self._charge(owner, limits)
            over = self.usage.over(owner, limits, self.now)
            if over:
                refuse(self.peer.refuse_with, f"limit.{over}:{owner}")
        return PASSES if self.owners else NOTHING

    def _charge(self, owner: str, limits: Limits) -> None:
        """What a minute costs; a call without a price cannot be held to a bound of spend."""
        rate = self.snapshot.rates.find(limits.rates or "", self.called)
        if rate:
            self.charges.append((owner, rate))
        elif limits.spend_per_day is not None:
            refuse(self.peer.refuse_with, f"limit.no-rate:{owner}")

    # What the checks have in common

    @property
    def called(self) -> str:
        """The called number's digits; there are some once `shape` has passed."""
        return self.callee.meant.digits if self.callee.meant else ""

    def _refuse_by(self, rule: str | None) -> None:
        if rule:
            refuse(self.peer.refuse_with, rule)


def as_written(address: str) -> str:
    """The number in an address, with its "+" if it has one; "" where there is none."""
    try:
        return written(address)
    except InvalidNumber:
        return ""


def _bare(text: str) -> str | None:
    try:
        return written_digits(text)
    except InvalidNumber:
        return None
