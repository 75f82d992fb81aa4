"""How a refusal of ours is told: which rule refused, and the headers that its code asks for. This file does no I/O."""

from __future__ import annotations

from gateway.engine import Refuse
from gateway.sip import answers
from gateway.sip.values import quoted


def lines(refusal: Refuse) -> list[str]:
    """The header lines of the answer."""
    told = [*reasons(refusal), *about(refusal.code, refusal.rule)]
    if refusal.code == 503:
        told.append(f"Retry-After: {refusal.retry_after or answers.RETRY_AFTER}")
    return told


def reasons(refusal: Refuse) -> list[str]:
    """Which rule refused, and what else is to be told."""
    rule = refusal.rule.encode().decode("latin-1")  # as messages hold text
    return [f"Reason: X.int;text={quoted(rule)}", *refusal.headers]


def about(code: int, rule: str) -> list[str]:
    """The header that a code asks for."""
    return [f"Unsupported: {rule.partition('.')[2]}"] if code == 420 else []
