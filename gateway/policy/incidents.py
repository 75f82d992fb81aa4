"""What happens in calls that the dynamic black list counts. An incident is a value: nodes tell each other theirs, and every
node counts all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Attempt:
    """A caller (a canonical number) placed a call."""

    caller: str
    premium: bool
    kind: Literal["attempt"] = "attempt"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call from this address, of this account if it has one, was refused by the rule with this id."""

    account: str | None
    source: str
    rule: str
    kind: Literal["refusal"] = "refusal"


@dataclass(frozen=True, slots=True)
class Admission:
    """A call of an account was let in: its row of invalid ones is broken."""

    account: str
    kind: Literal["admission"] = "admission"


@dataclass(frozen=True, slots=True)
class Answer:
    """A call was answered: nobody's row of unanswered calls goes on. `caller` is None where it is withheld."""

    callee: str
    caller: str | None
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A call was given up before anybody answered."""

    callee: str
    caller: str | None
    kind: Literal["no-answer"] = "no-answer"


Incident = Attempt | Refusal | Admission | Answer | NoAnswer
