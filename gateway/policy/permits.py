"""Permits: which numbers the calls of one peer or account may come from and go to, judged by their first digits.

An empty allow list allows everything, any other one only what it names. Where a number begins with prefixes of both
lists the longer prefix decides, and of two equal ones the denying. This file does no I/O.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from gateway.policy.territory import is_international, is_premium
from gateway.stir.tn import NumberPlan

_is_prefix = re.compile(r"[0-9]{1,18}").fullmatch


@dataclass(frozen=True, slots=True)
class _Prefixes:
    """An allow and a deny list as two sets, and the lengths that occur in them, longest first."""

    allowed: frozenset[str]
    denied: frozenset[str]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, allow: tuple[str, ...], deny: tuple[str, ...]) -> _Prefixes:
        for prefix in (*allow, *deny):
            if _is_prefix(prefix) is None:
                raise ValueError(f"prefix {prefix[:40]!r} is not 1 to 18 digits (no +, no wildcard)")
        lengths = sorted({len(prefix) for prefix in (*allow, *deny)}, reverse=True)
        return cls(frozenset(allow), frozenset(deny), tuple(lengths)) if lengths else _ALL

    def refusal(self, party: Literal["caller", "callee"], owner: str, digits: str) -> str | None:
        for length in self.lengths:
            prefix = digits[:length]
            if prefix in self.denied:
                return f"prefix.{party}-denied:{owner}/{prefix}"
            if prefix in self.allowed:
                return None
        return f"prefix.{party}-not-allowed:{owner}" if self.allowed else None


_ALL = _Prefixes(frozenset(), frozenset(), ())


@dataclass(frozen=True, slots=True)
class Permits:
    """What one owner's calls may do; prefixes are the first digits of canonical numbers, "1242" or "881".

    international, premium: whether such numbers may be called. max_caller_length: longest caller number, in digits,
    None for no bound of its own. ValueError for a prefix that is not 1 to 18 digits, or a length below 1.
    """

    allow_callers: tuple[str, ...] = ()
    deny_callers: tuple[str, ...] = ()
    allow_callees: tuple[str, ...] = ()
    deny_callees: tuple[str, ...] = ()
    international: bool = True
    premium: bool = True
    max_caller_length: int | None = None
    _callers: _Prefixes = field(init=False, repr=False, compare=False)
    _callees: _Prefixes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.max_caller_length is not None and self.max_caller_length < 1:
            raise ValueError(f"max_caller_length {self.max_caller_length} is not at least 1")
        object.__setattr__(self, "_callers", _Prefixes.of(self.allow_callers, self.deny_callers))
        object.__setattr__(self, "_callees", _Prefixes.of(self.allow_callees, self.deny_callees))


def refusal(permits: Permits, owner: str, caller: str | None, callee: str, plan: NumberPlan) -> str | None:
    """The rule by which the owner's permits refuse a call between two canonical numbers, or None.

    A withheld caller (None) has no digits: it is refused only where callers have to be of an allow list. The plan is
    that of the peer the call comes from; it says what is international.
    """
    return (
        permits._callers.refusal("caller", owner, caller or "")
        or permits._callees.refusal("callee", owner, callee)
        or _kind_refusal(permits, owner, callee, plan)
    )


def _kind_refusal(permits: Permits, owner: str, callee: str, plan: NumberPlan) -> str | None:
    if not permits.international and is_international(callee, plan):
        return f"prefix.international:{owner}"
    if not permits.premium and is_premium(callee):
        return f"prefix.premium:{owner}"
    return None
