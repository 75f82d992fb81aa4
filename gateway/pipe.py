"""Lines in, lines out: answers what has arrived as soon as it is there, many lines at a time if they come together."""

from __future__ import annotations

from collections.abc import Callable
from io import BufferedIOBase
from typing import BinaryIO

_CHUNK = 65536

Answer = Callable[[list[bytes]], list[bytes]]
"""The answers to some lines, in order, one each; neither has its line end."""


def answer_lines(source: BufferedIOBase, sink: BinaryIO, answer: Answer) -> None:
    """Write one line of `answer` for each line of `source` that is not blank."""
    rest = b""
    while chunk := source.read1(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        _write(lines, sink, answer)
    _write([rest], sink, answer)


def _write(lines: list[bytes], sink: BinaryIO, answer: Answer) -> None:
    asked = [line for line in lines if line.strip()]
    if asked:
        sink.write(b"\n".join(answer(asked)) + b"\n")
        sink.flush()
