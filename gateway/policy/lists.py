"""Black and white lists: groups of numbers, matched in full, attached to a peer or an account.

A black group refuses the numbers it lists; once a white group is in force for a party, only listed numbers pass.
Attachments of the caller's and of the callee's number are judged apart, and each may have a window of time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.policy.columns import LONGEST
from gateway.policy.numbersets import NumberSet
from gateway.policy.windows import Window
from gateway.stir.tn import InvalidNumber, NumberPlan, canonical_digits, written_digits

Party = Literal["caller", "callee"]
"""Which of the two numbers of a call is meant."""

_is_entry = re.compile(r"[ \t]*+\+?[0-9 \t().-]*+").fullmatch


@dataclass(frozen=True, slots=True)
class ListGroup:
    """A named list of numbers; `memo` is the operator's, `revision` changes with the numbers."""

    name: str
    memo: str
    numbers: NumberSet
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Attachment:
    """A group as it applies to one party's number, always or within a window."""

    group: str
    party: Party
    kind: Literal["black", "white"]
    window: Window | None = None


def refusal(
    attachments: tuple[Attachment, ...],
    owner: str,
    party: Party,
    key: int | None,
    groups: Mapping[str, NumberSet],
    now: float,
) -> str | None:
    """The rule by which the owner's lists refuse the party's number at `now`, or None.

    Black goes before white. What has no key (a withheld number, a service code) is in no list: no black group refuses
    it, every white one does. Of several white groups one is enough; the rule names the first. A group that is not there any
    more lists nothing: a peer of an earlier policy may still attach it, while its call waited.
    """

    white = None
    passes = False
    for each in attachments:
        if each.party != party or (key is None and each.kind == "black"):
            continue
        if each.window is not None and not each.window.holds(now):
            continue
        group = groups.get(each.group)
        listed = group is not None and key is not None and group.holds(key)
        if each.kind == "white":
            white, passes = white or each.group, passes or listed
        elif listed:
            return f"list.black:{owner}/{each.group}"
    return f"list.white:{owner}/{white}" if white and not passes else None


def listed_number(text: str, plan: NumberPlan) -> str:
    """The digits a line of a list stands for: its canonical number, or as it is written where it has none.

    Numbers that are none can be listed, for garbage callers send them. ValueError with a reason otherwise.
    """
    if "*" in text or "?" in text:
        raise ValueError(
            f"{_shown(text)} contains a wildcard; lists match in full, use a number transform or a prefix rule"
        )
    if not _is_entry(text):
        raise ValueError(f"{_shown(text)} is not a number: write digits, perhaps after a +")
    digits = _meant(text, plan)
    if len(digits) > LONGEST:
        raise ValueError(f"{_shown(text)} has more than {LONGEST} digits")
    return digits


def _meant(text: str, plan: NumberPlan) -> str:
    try:
        return canonical_digits(text, plan)
    except InvalidNumber as error:
        if error.reason == "no-number":
            raise ValueError(f"{_shown(text)} holds no digit; write one number a line") from error
        return written_digits(text)


def _shown(text: str) -> str:
    """The text as an error shows it: a line can be megabytes long."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
