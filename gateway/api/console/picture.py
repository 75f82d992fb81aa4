"""A text as a QR code, for a telephone to read: the dark modules as one SVG path."""

from __future__ import annotations

from dataclasses import dataclass

import segno

QUIET = 4
"""Modules of margin that readers want (ISO/IEC 18004)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A path within a square of `size` units."""

    path: str
    size: int


def qr(text: str) -> Picture:
    """The QR code of a text."""
    rows = list(segno.make_qr(text).matrix)
    path = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, dark in enumerate(row)
        if dark
    )
    return Picture(path, len(rows) + 2 * QUIET)
