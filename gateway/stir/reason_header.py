"""The Reason header by which an authentication service is told what was wrong with its PASSporT (RFC 9410).

    Reason: STIR ;cause=436 ;text="Bad Identity Info" ;ppi="..<signature>"

`cause` is a code of RFC 8224 §6.2.2. `ppi` names the PASSporT, written here by its signature alone (the compact form of
RFC 8225 §7), so that nothing it says of caller and callee is repeated. There is one such header for each Identity header
that failed. What is of no kind that is judged here is ignored (RFC 8224 §6.2 step 1), so nothing is said of it unless
there is nothing else. 433 is RFC 5079's and not among STIR's codes, which alone may stand here: where a caller withholds
the number, a header that could therefore not be judged is reported as 438, for it proves no identity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.stir import identity
from gateway.stir.reasons import PHRASES, Reason
from gateway.stir.verdict import HeaderVerdict, Verdict

STIR_CODES = frozenset({403, 428, 436, 437, 438})
"""Of RFC 8224 §6.2.2."""

LONGEST_SIGNATURE = 128
"""Characters of a signature that is repeated to its sender: those of ES384; an ES256 one has 86."""

_is_signature = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_SIGNATURE}}}").fullmatch
_PROTOCOL = re.compile(r"[ \t]*STIR[ \t]*(?=;|\Z)", re.IGNORECASE)
_PARAMETER = re.compile(
    r";[ \t]*(?P<name>[A-Za-z0-9.!%*_+`'~-]++)[ \t]*"
    r'(?:=[ \t]*(?:"(?P<quoted>(?:[^"\\]++|\\.)*+)"|(?P<word>[^\s;,"]++))[ \t]*)?+',
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a verification service says of a PASSporT; what it does not say is None or empty.

    signature: that of the PASSporT it means, whichever form its ppi has.
    """

    cause: int | None
    text: str
    signature: str


def lines(verdict: Verdict) -> tuple[str, ...]:
    """The header lines that tell of a verdict's failures: for the next response to the caller but 100 (RFC 9410 §4)."""
    failed = verdict.failures
    if verdict.reason is not Reason.PPT_UNSUPPORTED:
        failed = tuple(each for each in failed if each.reason is not Reason.PPT_UNSUPPORTED)
    return tuple(dict.fromkeys(f"Reason: {_value(each)}" for each in failed))


def _value(failed: HeaderVerdict) -> str:
    cause, phrase = failed.reason.cause, failed.reason.phrase
    if cause not in STIR_CODES:
        cause, phrase = 438, PHRASES[438]
    ppi = f' ;ppi="..{failed.signature}"' if _is_signature(failed.signature) else ""
    return f'STIR ;cause={cause} ;text="{phrase}"{ppi}'


def sift(values: Iterable[str], signature: str) -> tuple[list[Complaint], list[str]]:
    """The Reason values of a response from downstream: complaints about our PASSporT, and all others as they came.

    signature: the last part of our token. The complaints are to be logged and MUST NOT go on upstream (RFC 9410 §6).
    """
    complaints, others = [], []
    for value in identity.split_all(values):
        found = parse(value)
        if found and about_ours(value, signature):
            complaints.append(found)
        else:
            others.append(value)
    return complaints, others


def about_ours(value: str, signature: str) -> bool:
    """Whether one Reason value speaks of the PASSporT with this signature."""
    found = parse(value)
    return found is not None and bool(signature) and found.signature == signature


def parse(value: str) -> Complaint | None:
    """One Reason value; None where it is not STIR's or not to be read."""
    protocol = _PROTOCOL.match(value)
    if protocol is None:
        return None
    said = _parameters(value, protocol.end())
    if said is None:
        return None
    cause = said.get("cause", "")
    return Complaint(
        cause=int(cause) if re.fullmatch("[1-6][0-9]{2}", cause) else None,
        text=said.get("text", ""),
        signature=said.get("ppi", "").rpartition(".")[2],
    )


def _parameters(value: str, start: int) -> dict[str, str] | None:
    """Every parameter by its name in lower case, the first of each; None where the value ends in something else."""
    said: dict[str, str] = {}
    while start < len(value):
        found = _PARAMETER.match(value, start)
        if found is None:
            return None
        quoted = found["quoted"]
        text = found["word"] or "" if quoted is None else _ESCAPED.sub(r"\1", quoted)
        said.setdefault(found["name"].lower(), text)
        start = found.end()
    return said
