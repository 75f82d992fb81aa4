"""What fills the dynamic black list: too many attempts, too many calls at once, too many premium destinations, nobody
ever answering, refused accesses, invalid calls.

Reaching a limit is the offence, and a limit of 0 is off. The blocked are not counted further: when a block is over, the
count begins anew.
"""

from __future__ import annotations

from typing import Protocol

from gateway.policy.blocks import Block, Blocks, BlockType
from gateway.policy.incidents import Admission, Answer, Attempt, Incident, NoAnswer, Refusal
from gateway.policy.parameters import Parameters
from gateway.policy.tallies import Attempts, Streaks

JUDGED_FROM = 20
"""Attempts in the window from which on the share of premium destinations says something."""

BLOCKED_ADDRESS = "access.blocked:address"
"""The rule that refuses a call of an address that is blocked already: what follows from a block is no new offence."""

_INVALID_CALLS = frozenset({"access", "caller", "callee", "prefix"})


class Numbers(Protocol):
    """The canonical numbers of a call; None where one is withheld."""

    @property
    def caller(self) -> str | None: ...

    @property
    def callee(self) -> str: ...


class Offences:
    """The counts, and the blocks they bring about: each method returns those that are new, put on the list already."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._attempts = Attempts()
        self._accesses = Attempts()
        self._caller_streaks = Streaks()
        self._callee_streaks = Streaks()
        self._invalid_streaks = Streaks()
        self._at_once: dict[str, int] = {}
        self._pardoned: set[str] = set()

    def take(self, incident: Incident, parameters: Parameters, now: float) -> list[Block]:
        """Something happened in a call, wherever that is carried."""
        match incident:
            case Attempt(caller, premium):
                return self.attempt(caller, premium, parameters, now)
            case Refusal(account, source, rule):
                return self.refusal(account, source, rule, parameters, now)
            case NoAnswer():
                return self.no_answer(incident, parameters, now)
            case Answer():
                self.answer(incident)
            case Admission(account):
                self.valid(account)
        return []

    def concerned(self, incident: Incident, parameters: Parameters, now: float) -> bool:
        """Whether an incident is to be counted: limits are off, and those who are blocked already are not counted further."""
        match incident:
            case Attempt(caller):
                return self._blocks.find("malicious-call", caller, now) is None
            case Refusal(account, _, rule):
                check = rule.partition(".")[0]
                return rule != BLOCKED_ADDRESS and (
                    check == "access" or (account is not None and check in _INVALID_CALLS)
                )
            case Admission():
                return parameters.invalid_count > 0
        return parameters.no_answer_limit > 0

    def attempt(self, caller: str, premium: bool, parameters: Parameters, now: float) -> list[Block]:
        """A caller places a call."""
        if self._blocks.find("malicious-call", caller, now):
            return []
        attempts, premiums = self._attempts.add(caller, premium, parameters.malicious_window, now)
        why = _malice(attempts, premiums, parameters)
        if why is None:
            return []
        self._attempts.forget(caller)
        return [self._block("malicious-call", caller, parameters.malicious_expire, why, now)]

    def enter(self, caller: str) -> None:
        """A call of this caller was let in."""
        self._at_once[caller] = self._at_once.get(caller, 0) + 1

    def leave(self, caller: str) -> None:
        """A call of this caller, one that was let in, is over."""
        if self._at_once[caller] > 1:
            self._at_once[caller] -= 1
        else:
            del self._at_once[caller]
            self._pardoned.discard(caller)

    def crowd(self, caller: str, parameters: Parameters, now: float) -> list[Block]:
        """A caller was let in with one more call at once.

        One who was released with too many is let be until they are fewer.
        """
        limit = parameters.malicious_concurrent
        if not limit or self._at_once[caller] < limit:
            self._pardoned.discard(caller)
            return []
        if caller in self._pardoned or self._blocks.find("malicious-call", caller, now):
            return []
        return [self._block("malicious-call", caller, parameters.malicious_expire, "concurrent", now)]

    def answer(self, call: Numbers) -> None:
        """A call was answered: nobody's row of unanswered calls goes on."""
        self._callee_streaks.forget(call.callee)
        if call.caller is not None:
            self._caller_streaks.forget(call.caller)

    def no_answer(self, call: Numbers, parameters: Parameters, now: float) -> list[Block]:
        """A call was given up before anybody answered."""
        found: list[Block] = []
        if parameters.no_answer_party != "caller":
            found += self._unanswered(self._callee_streaks, call.callee, parameters, now)
        if parameters.no_answer_party != "callee" and call.caller is not None:
            found += self._unanswered(self._caller_streaks, call.caller, parameters, now)
        return found

    def refusal(
        self, account: str | None, source: str, rule: str, parameters: Parameters, now: float
    ) -> list[Block]:
        """A call was refused: an access counts against its address, invalid calls in a row against the account."""
        if rule == BLOCKED_ADDRESS:
            return []
        check = rule.partition(".")[0]
        found = self._refused_access(source, parameters, now) if check == "access" else []
        if account is not None and check in _INVALID_CALLS:
            found += self._invalid_call(account, parameters, now)
        return found

    def valid(self, account: str) -> None:
        """A call of this account was let in: its row of invalid ones is broken."""
        self._invalid_streaks.forget(account)

    def forget(self, type: BlockType, subject: str) -> None:
        """A subject was let in again: the next call alone does not block it anew."""
        self.begin_anew(type, subject)
        if type == "malicious-call" and subject in self._at_once:
            self._pardoned.add(subject)

    def begin_anew(self, type: BlockType, subject: str) -> None:
        """Count anew what could block this subject so."""
        match type:
            case "malicious-call":
                self._attempts.forget(subject)
            case "no-answer":
                self._caller_streaks.forget(subject)
                self._callee_streaks.forget(subject)
            case "access":
                self._accesses.forget(subject)
            case "account":
                self._invalid_streaks.forget(subject)

    def _unanswered(self, streaks: Streaks, number: str, parameters: Parameters, now: float) -> list[Block]:
        limit = parameters.no_answer_limit
        if not limit or self._blocks.find("no-answer", number, now) or streaks.add(number) < limit:
            return []
        streaks.forget(number)
        return [self._block("no-answer", number, parameters.no_answer_expire, "no-answer-streak", now)]

    def _refused_access(self, source: str, parameters: Parameters, now: float) -> list[Block]:
        limit, lasts = parameters.reg_fail_count, parameters.reg_fail_time
        if not limit or self._blocks.find("access", source, now):
            return []
        refusals, _ = self._accesses.add(source, False, lasts, now)
        if refusals < limit:
            return []
        self._accesses.forget(source)
        return [self._block("access", source, lasts, "failed-access", now)]

    def _invalid_call(self, account: str, parameters: Parameters, now: float) -> list[Block]:
        limit = parameters.invalid_count
        if not limit or self._blocks.find("account", account, now):
            return []
        if self._invalid_streaks.add(account) < limit:
            return []
        self._invalid_streaks.forget(account)
        return [self._block("account", account, None, "invalid-calls", now)]

    def _block(self, type: BlockType, subject: str, lasts: int | None, why: str, now: float) -> Block:
        block = Block(type, subject, now, None if lasts is None else now + lasts, why)
        self._blocks.put(block)
        return block


def _malice(attempts: int, premiums: int, parameters: Parameters) -> str | None:
    """What makes the attempts of one caller in the window malicious, or None."""
    if 0 < parameters.malicious_limit <= attempts:
        return "attempts"
    share = parameters.malicious_premium_share
    if share and attempts >= JUDGED_FROM and premiums * 100 >= share * attempts:
        return "premium-share"
    return None
