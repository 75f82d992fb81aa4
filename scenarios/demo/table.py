"""The demonstration's table: aligned plain text, one call at a time, in colour only on a terminal."""

from __future__ import annotations

import os
import sys

from scenarios.demo.calls import CALLS, Call
from scenarios.demo.incoming import INCOMING, Incoming, Told
from scenarios.demo.judge import Verdict
from scenarios.demo.play import Heard
from scenarios.demo.verifiers import NAMES

_GREEN, _RED, _DIM, _PLAIN = "\033[32m", "\033[31m", "\033[2m", "\033[0m"
_HEADINGS = ("", "call", "caller → called", "expected", "VOS3000 saw", "carrier")
_WIDTHS = (
    *(1, max(len(call.kind) for call in CALLS), max(len(call.caller + call.called) for call in CALLS) + 3),
    *(max(len(call.expected) for call in CALLS), 24, 7),
)

_INCOMING_WIDTHS = (
    *(1, max(len(call.kind) for call in INCOMING), max(len(call.expected) for call in INCOMING)),
    *(24, 40),
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


def incoming_heading() -> str:
    """The column names of carriers' calls."""
    return _row(("", "call", "expected", "carrier saw", "VOS3000 was told"), _INCOMING_WIDTHS)


def incoming_entry(call: Incoming, told: Told) -> str:
    """One carrier's call: its row, and what is wrong."""
    mark = _coloured("✗", _RED) if told.wrong else _coloured("✓", _GREEN)
    saw = " ".join(map(str, told.codes)) or "nothing"
    causes = "".join(f", STIR {cause}" for cause in told.causes)
    shown = f"{told.verstat}  {told.display}" if told.verstat else "-"
    row = _row(("", call.kind, call.expected, saw + causes, shown), _INCOMING_WIDTHS)
    return "\n".join([mark + row[1:], *(f"     {_coloured(line, _RED)}" for line in told.wrong)])


def _seen(heard: Heard) -> str:
    codes = " ".join(map(str, heard.codes)) or "nothing"
    return f"{codes} {heard.rule}".rstrip()


def _identity(call: Call, verdict: Verdict) -> list[str]:
    found = verdict.passport
    if found is None:
        return ["the caller's own Identity header, untouched"] if call.attest == "untouched" else []
    said = f"{found.attest}  orig {found.orig}  dest {', '.join(found.dest)}  iat {found.age} s ago"
    return [f"{said}  origid {found.origid}  ✓ {', '.join(NAMES)}"]


def _row(cells: tuple[str, ...], widths: tuple[int, ...] = _WIDTHS) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _coloured(text: str, colour: str) -> str:
    wanted = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"{colour}{text}{_PLAIN}" if wanted else text
