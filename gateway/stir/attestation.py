"""Attestation as data: which level a call earns, decided by a table read from the top (ATIS-1000074 §5.2.3).

The first rule whose conditions all hold decides. Where none holds the call earns nothing: it is not signed.
A rule that cannot be defended cannot be written: A needs a known account and a verified number, B a known
account. After the rule, a ceiling may lower the level, never raise it: the cap of the account, and C for an
account that only passes on other people's calls.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from gateway.stir.claims import ATTESTS, Attest

Kind = Literal["customer", "transit"]
"""A customer originates calls; a transit account (a gateway, another carrier) passes them on."""


class Facts(NamedTuple):
    """What is known about who placed the call and about the calling number.

    account_known: the call is bound to an account by its source or credentials. account_kind: what kind
    of account that is, None if unknown. owns_number: the number lies in a section that the account owns.
    authorised: the account was explicitly allowed to use it. cap: the highest level it may be given.
    """

    account_known: bool
    account_kind: Kind | None = None
    owns_number: bool = False
    authorised: bool = False
    cap: Attest = "A"

    @property
    def number_verified(self) -> bool:
        """Whether the account's right to the calling number has been established, either way."""
        return self.owns_number or self.authorised

    @property
    def ceiling(self) -> Attest:
        """The highest level this call may get, whatever the rules say."""
        return "C" if self.account_kind == "transit" else self.cap


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: an id, the level it gives (None: do not sign), and conditions; None is no condition.

    ValueError for a rule that gives more than its conditions establish.
    """

    id: str
    attest: Attest | None
    account_known: bool | None = None
    account_kind: Kind | None = None
    number_verified: bool | None = None

    def __post_init__(self) -> None:
        if self.attest in ("A", "B") and self.account_known is not True:
            raise ValueError(f"rule {self.id}: {self.attest} needs account_known")
        if self.attest == "A" and self.number_verified is not True:
            raise ValueError(f"rule {self.id}: A needs number_verified")
        if self.attest == "C" and self.account_known is None and self.account_kind is None:
            raise ValueError(f"rule {self.id}: C needs a condition on the account")

    def matches(self, facts: Facts) -> bool:
        """Whether every condition of the rule holds."""
        return (
            self.account_known in (None, facts.account_known)
            and self.account_kind in (None, facts.account_kind)
            and self.number_verified in (None, facts.number_verified)
        )


@dataclass(frozen=True, slots=True)
class Attestation:
    """The outcome: the level to sign with, or None, and the id of the rule that decided.

    capped_from: the level the rule gave, where the ceiling lowered it.
    """

    level: Attest | None
    rule: str
    capped_from: Attest | None = None

    @property
    def reason(self) -> str:
        """The rule, and the cap if there was one, in one kebab-case word for logs."""
        return (
            self.rule if self.capped_from is None else f"{self.rule}-capped-from-{self.capped_from.lower()}"
        )


RULES: tuple[Rule, ...] = (
    Rule("number-verified", "A", account_known=True, account_kind="customer", number_verified=True),
    Rule("account-known", "B", account_known=True, account_kind="customer"),
    Rule("transit", "C", account_known=True, account_kind="transit"),
)


@cache  # there are few facts, and each call asks
def decide(facts: Facts, rules: tuple[Rule, ...] = RULES, unmatched: str = "unmatched") -> Attestation:
    """The level of the first rule that matches, lowered to the ceiling; None under the id `unmatched`."""
    rule = next((rule for rule in rules if rule.matches(facts)), None)
    if rule is None:
        return Attestation(None, unmatched)
    if rule.attest is None or ATTESTS.index(rule.attest) >= ATTESTS.index(facts.ceiling):
        return Attestation(rule.attest, rule.id)
    return Attestation(facts.ceiling, rule.id, capped_from=rule.attest)
