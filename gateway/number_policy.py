"""The checks that a call from either side goes through: transforms, lists, prefixes, geofence, limits.

`NumberPolicy` is one call on its way: each check reads what is known so far, writes down what it found, answers in a few
words what it decided, or refuses. `gateway.engine` lists the checks in their order. This file does no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

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
IN_NO_LIST = (None, None)

_name = itemgetter(0)


@dataclass(slots=True)
class Number:
    """The number of one party on its way from what was dialled to what is meant.

    dialled: as the message has it, an address or digits. sent: what a transform made of it, None where none matched.
    meant: canonical, None where it is withheld or cannot be read; `problem` says why (the reasons of `gateway.stir.tn`);
    `digits` are its digits.
    written: the digits that were dialled, where there are transforms. listed: as a list would have it, `key` what it is
    looked up by. white: it is on the System White List.
    """

    party: Party
    dialled: str
    sent: str | None = None
    written: str = ""
    transform: Transform | None = None
    meant: TelephoneNumber | None = None
    digits: str | None = None
    problem: str = ""
    listed: str | None = None
    key: int | None = None
    white: bool = False

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
    charges: tuple[tuple[str, Rate], ...] = ()

    # What the outcome says of the call

    @property
    def parties(self) -> Parties:
        caller, callee = self.caller, self.callee
        return Parties(  # by position, which takes half the time: as its fields stand
            self.account_id,
            self.address,
            caller.dialled,
            callee.dialled,
            caller.digits,
            callee.digits,
            caller.sent,
            callee.sent,
            self.emergency is not None,
        )

    @property
    def hold(self) -> Hold | None:
        """What the call occupies while it lasts; an emergency call is not counted."""
        callee = self.callee.digits
        if self.emergency or callee is None:
            return None
        owners = tuple(map(_name, self.owners))
        return Hold(owners, self.caller.digits, callee, self.charges, self.account_id)

    # The checks

    def source(self) -> str:
        """Whose call it is: the peer's account, or the one that is bound to the address."""
        peer, snapshot = self.peer, self.snapshot
        id = self.account_id = account_of(peer, self.address, snapshot.account_addresses)
        account = self.account = snapshot.accounts.get(id) if id else None
        if account is None:
            self.owners = ((peer.owner, peer.terms),)
        else:
            self.owners = ((peer.owner, peer.terms), (account.owner, account.terms))
        return f"account {id}" if id else "no account"

    def transform(self) -> str:
        """Numbers as dialled become numbers as meant."""
        caller, callee = self.caller, self.callee
        self._read(caller)
        self._read(callee)
        return "unchanged" if caller.sent is None and callee.sent is None else "rewritten"

    def _read(self, number: Number) -> None:
        """Rewrite a number, and read what it became."""
        peer, text = self.peer, number.dialled
        rewriter = self.snapshot.transforms.of(peer.name, number.party)
        if rewriter:
            number.written = as_written(text)
            rule = number.transform = rewriter.find(number.written)
            if rule:
                text = number.sent = rule.rewrite(number.written)
        try:
            meant = number.meant = canonical(text, peer.plan)
            number.digits = number.listed = meant.digits
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
        self.callee.meant, self.callee.digits = self.emergency, self.emergency.digits
        return "passes everything"

    @property
    def _is_ordinary(self) -> bool:
        """Whether the called number is too long to be anybody's emergency number, without looking closer."""
        callee = self.callee
        return (
            callee.digits is not None
            and len(callee.digits) > LONGEST_SHORT_CODE
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
        self._measure(len(self.caller.listed or ""))
        return f"caller {self.caller.problem}" if self.caller.problem else PASSES

    def _measure(self, length: int) -> None:
        """A caller has no more digits than SS_CALLERALLOWLENGTH says, and than each owner says."""
        bound = self.snapshot.parameters.caller_length
        if bound and length > bound:
            refuse(self.peer.refuse_with, "caller.too-long")
        for owner, terms in self.owners:
            longest = terms.permits.max_caller_length
            if longest and length > longest:
                refuse(self.peer.refuse_with, f"caller.too-long:{owner}")

    def white_list(self) -> str:
        """A number on the System White List is on no black list."""
        caller, callee, holds = self.caller, self.callee, self.snapshot.system_white.holds
        caller.white = caller.key is not None and holds(caller.key)
        callee.white = callee.key is not None and holds(callee.key)
        if not (caller.white or callee.white):
            return "not listed"
        return f"listed: {', '.join(number.party for number in (caller, callee) if number.white)}"

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
        keys = None
        for owner, terms in self.owners:
            if terms.lists:
                keys = keys or self._listed_keys()
                if terms.has_white or keys != IN_NO_LIST:  # else no group has a say
                    self._listed(self.caller, keys[0], owner, terms.lists)
                    self._listed(self.callee, keys[1], owner, terms.lists)
        return PASSES if keys else NOTHING

    def _listed_keys(self) -> tuple[int | None, int | None]:
        """The keys of caller and callee as far as any group at all has them: most are in none."""
        caller, callee, holds = self.caller.key, self.callee.key, self.snapshot.listed.holds
        return (
            caller if caller is not None and holds(caller) else None,
            callee if callee is not None and holds(callee) else None,
        )

    def _listed(
        self, number: Number, key: int | None, owner: str, attachments: tuple[Attachment, ...]
    ) -> None:
        if not number.white:
            groups = self.snapshot.groups
            self._refuse_by(lists.refusal(attachments, owner, number.party, key, groups, self.now))

    def prefixes(self) -> str:
        """Prefix rules of the caller, the called number, the account; international; premium."""
        caller, called, plan = self.caller.digits, self.called, self.peer.plan
        for owner, terms in self.owners:
            if terms.permits.asks:
                self._refuse_by(permits.refusal(terms.permits, owner, caller, called, plan))
        return PASSES if self.owners else NOTHING

    def fence(self) -> str:
        """Countries and areas: of the source address, the caller, the called number."""
        caller, called, areas = self.caller.digits, self.called, self.snapshot.areas
        for owner, terms in self.owners:
            if terms.fence.asks:
                self._refuse_by(geofence.refusal(terms.fence, owner, self.country, caller, called, areas))
        return PASSES if self.owners else NOTHING

    def limits(self) -> str:
        """Concurrent calls, calls a second, spend of the day."""
        for owner, terms in self.owners:
            limits = terms.limits
            if not limits.asks:
                continue
            if limits.rates is not None:
                self._charge(owner, limits.rates, limits)
            over = self.usage.over(owner, limits, self.now)
            if over:
                refuse(self.peer.refuse_with, f"limit.{over}:{owner}")
        return PASSES if self.owners else NOTHING

    def _charge(self, owner: str, table: str, limits: Limits) -> None:
        """What a minute costs; a call without a price cannot be held to a bound of spend."""
        rate = self.snapshot.rates.find(table, self.called)
        if rate:
            self.charges += ((owner, rate),)
        elif limits.spend_per_day is not None:
            refuse(self.peer.refuse_with, f"limit.no-rate:{owner}")

    # What the checks have in common

    @property
    def called(self) -> str:
        """The called number's digits; there are some once `shape` has passed."""
        return self.callee.digits or ""

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
