"""Permits: which numbers the calls of one peer or account may come from and go to, judged by their first digits.

An empty allow list allows everything, any other one only what it names. Where a number begins with prefixes of both
lists the longer prefix decides, and of two equal ones the denying. This file does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.policy.territory import is_international, is_premium
from gateway.stir.tn import NumberPlan

_is_prefix = re.compile(r"[0-9]{1,18}").fullmatch


@dataclass(frozen=True, slots=True)
class _Prefixes:
    """An allow and a deny list: whether each prefix is allowed, and the lengths that occur, longest first.

    only: nothing else is allowed.
    """

    allowed: Mapping[str, bool]
    lengths: tuple[int, ...]
    only: bool

    @classmethod
    def of(cls, allow: tuple[str, ...], deny: tuple[str, ...]) -> _Prefixes | None:
        """The two lists, None where both are empty."""
        for prefix in (*allow, *deny):
            if _is_prefix(prefix) is None:
                raise ValueError(f"prefix {prefix[:40]!r} is not 1 to 18 digits (no +, no wildcard)")
        allowed = dict.fromkeys(allow, True) | dict.fromkeys(deny, False)
        lengths = tuple(sorted(set(map(len, allowed)), reverse=True))
        return cls(allowed, lengths, bool(allow)) if lengths else None

    def refusal(self, party: Literal["caller", "callee"], owner: str, digits: str) -> str | None:
        for length in self.lengths:
            allowed = self.allowed.get(digits[:length])
            if allowed is not None:
                return None if allowed else f"prefix.{party}-denied:{owner}/{digits[:length]}"
        return f"prefix.{party}-not-allowed:{owner}" if self.only else None


@dataclass(frozen=True, slots=True)
class Permits:
    """What one owner's calls may do; prefixes are the first digits of canonical numbers, "1242" or "881".

    international, premium: whether such numbers may be called. max_caller_length: longest caller number, in digits,
    None for no bound of its own. asks: whether any call is refused by its first digits or by what it is a call to.
    ValueError for a prefix that is not 1 to 18 digits, or a length below 1.
    """

    allow_callers: tuple[str, ...] = ()
    deny_callers: tuple[str, ...] = ()
    allow_callees: tuple[str, ...] = ()
    deny_callees: tuple[str, ...] = ()
    international: bool = True
    premium: bool = True
    max_caller_length: int | None = None
    asks: bool = field(init=False, repr=False, compare=False)
    _callers: _Prefixes | None = field(init=False, repr=False, compare=False)
    _callees: _Prefixes | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.max_caller_length is not None and self.max_caller_length < 1:
            raise ValueError(f"max_caller_length {self.max_caller_length} is not at least 1")
        callers = _Prefixes.of(self.allow_callers, self.deny_callers)
        callees = _Prefixes.of(self.allow_callees, self.deny_callees)
        object.__setattr__(self, "_callers", callers)
        object.__setattr__(self, "_callees", callees)
        asks = bool(callers or callees) or not self.international or not self.premium
        object.__setattr__(self, "asks", asks)


def refusal(permits: Permits, owner: str, caller: str | None, callee: str, plan: NumberPlan) -> str | None:
    """The rule by which the owner's permits refuse a call between two canonical numbers, or None.

    A withheld caller (None) has no digits: it is refused only where callers have to be of an allow list. The plan is
    that of the peer the call comes from; it says what is international.
    """
    callers, callees = permits._callers, permits._callees
    rule = callers.refusal("caller", owner, caller or "") if callers else None
    if rule is None and callees:
        rule = callees.refusal("callee", owner, callee)
    if rule is not None:
        return rule
    if not permits.international and is_international(callee, plan):
        return f"prefix.international:{owner}"
    if not permits.premium and is_premium(callee):
        return f"prefix.premium:{owner}"
    return None
