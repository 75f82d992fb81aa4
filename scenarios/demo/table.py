"""The demonstration's table: aligned plain text, one call at a time, in colour only on a terminal."""

from __future__ import annotations

import os
import sys

from scenarios.demo.calls import CALLS, Call
from scenarios.demo.judge import Verdict
from scenarios.demo.play import Heard
from scenarios.demo.verifiers import NAMES

_GREEN, _RED, _DIM, _PLAIN = "\033[32m", "\033[31m", "\033[2m", "\033[0m"
_HEADINGS = ("", "call", "caller → called", "expected", "VOS3000 saw", "carrier")
_WIDTHS = (
    *(1, max(len(call.kind) for call in CALLS), max(len(call.caller + call.called) for call in CALLS) + 3),
    *(max(len(call.expected) for call in CALLS), 24, 7),
)


def heading() -> str:
    """The column names."""
    return _row(_HEADINGS)


def entry(call: Call, heard: Heard, verdict: Verdict) -> str:
    """One call: its row, what the carrier's Identity says, and what is wrong."""
    mark = _coloured("✗", _RED) if verdict.wrong else _coloured("✓", _GREEN)
    row = _row(
        ("", call.kind, f"{call.caller} → {call.called}", call.expected, _seen(heard), heard.carrier or "-")
    )
    details = [_coloured(line, _DIM) for line in _identity(call, verdict)]
    wrong = [_coloured(line, _RED) for line in verdict.wrong]
    return "\n".join([mark + row[1:], *(f"     {line}" for line in [*details, *wrong])])


def _seen(heard: Heard) -> str:
    codes = " ".join(map(str, heard.codes)) or "nothing"
    return f"{codes} {heard.rule}".rstrip()


def _identity(call: Call, verdict: Verdict) -> list[str]:
    found = verdict.passport
    if found is None:
        return ["the caller's own Identity header, untouched"] if call.attest == "untouched" else []
    said = f"{found.attest}  orig {found.orig}  dest {', '.join(found.dest)}  iat {found.age} s ago"
    return [f"{said}  origid {found.origid}  ✓ {', '.join(NAMES)}"]


def _row(cells: tuple[str, ...]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _coloured(text: str, colour: str) -> str:
    wanted = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"{colour}{text}{_PLAIN}" if wanted else text
