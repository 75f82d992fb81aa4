"""A guide as it is read by a machine: its fenced blocks, each with the heading above it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its text, the heading it stands under."""

    heading: str
    language: str
    text: str


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a Markdown file, in their order."""
    text = path.read_text(encoding="utf-8")
    return [
        Block(_heading_before(text, match.start()), match[1], match[2]) for match in _FENCE.finditer(text)
    ]


def _heading_before(text: str, position: int) -> str:
    outside = _FENCE.sub(lambda fence: " " * len(fence[0]), text[:position])
    return [heading[1] for heading in _HEADING.finditer(outside)][-1]
