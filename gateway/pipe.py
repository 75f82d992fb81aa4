"""Lines in, lines out: answers every line as soon as it is there, and as few writes as the reader allows."""

from __future__ import annotations

from collections.abc import Callable
from io import BufferedIOBase
from typing import BinaryIO

_CHUNK = 65536


def answer_lines(source: BufferedIOBase, sink: BinaryIO, answer: Callable[[bytes], bytes]) -> None:
    """Write one line of `answer` for each line of `source` that is not blank."""
    rest = b""
    while chunk := source.read1(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        _write(lines, sink, answer)
    _write([rest], sink, answer)


def _write(lines: list[bytes], sink: BinaryIO, answer: Callable[[bytes], bytes]) -> None:
    answers = b"".join(answer(line) + b"\n" for line in lines if line.strip())
    if answers:
        sink.write(answers)
        sink.flush()
