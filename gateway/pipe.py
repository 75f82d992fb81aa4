"""Lines in, lines out: answers what has arrived as soon as it is there, many lines at a time if they come together.

Where more comes than one process answers, others answer beside it; the answers keep the order of the lines.
"""

from __future__ import annotations

import contextlib
import fcntl
import multiprocessing
import select
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from io import RawIOBase
from typing import BinaryIO, Self

_CHUNK = 524288

LONGEST = 1_048_576
"""Bytes of a line that are kept; more than any answer looks at."""

_AHEAD = 4
"""Chunks that wait for each process: enough to keep it busy, and no more memory than that."""

Answer = Callable[[list[bytes]], list[bytes]]
"""The answers to some lines, in order, one each; neither has its line end."""


def answer_lines(
    source: RawIOBase,
    sink: BinaryIO,
    make_answer: Callable[[], Answer],
    *,
    jobs: int = 1,
    longest: int = LONGEST,
) -> None:
    """Write one line of an answer for each line of `source` that is not blank.

    make_answer: called once in each process that answers. jobs: processes at the most; they are forked when there is
    more than the first chunk. longest: a line is cut somewhere beyond so many bytes, for it may have
    no end; the answer refuses what is so long.
    """
    _widen(source)
    with _Crew(make_answer, jobs) as crew:
        for lines in _chunks(source, longest):
            more = _is_more(source)
            crew.ask(lines, more=more)
            for answers in crew.answers(keep=_AHEAD * jobs if more else 0):
                sink.write(b"\n".join(answers) + b"\n")
            if not more:
                sink.flush()
        for answers in crew.answers(keep=0):
            sink.write(b"\n".join(answers) + b"\n")


def _chunks(source: RawIOBase, longest: int) -> Iterator[list[bytes]]:
    """The lines that are not blank, as many at a time as come together."""
    begun: list[bytes] = []
    held = 0
    while chunk := source.read(_CHUNK):
        first, *others = chunk.split(b"\n")
        if held <= longest:
            begun.append(first)
            held += len(first)
        if others:
            yield from _asked([b"".join(begun), *others[:-1]])
            begun, held = [others[-1]], len(others[-1])
    yield from _asked([b"".join(begun)])


def _asked(lines: list[bytes]) -> Iterator[list[bytes]]:
    asked = [line for line in lines if line.strip()]
    if asked:
        yield asked


def _widen(source: RawIOBase) -> None:
    """Let a pipe hold a whole chunk, where the system has pipes that grow and lets us."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        fcntl.fcntl(source, fcntl.F_SETPIPE_SZ, _CHUNK)


def _is_more(source: RawIOBase) -> bool:
    """Whether reading on would not wait; at the end of a file it never does."""
    try:
        return bool(select.select([source], [], [], 0)[0])
    except (OSError, ValueError):  # no file of the system's
        return True


class _Crew:
    """Whoever answers: this process alone, or several beside it once there is work for them."""

    def __init__(self, make_answer: Callable[[], Answer], jobs: int) -> None:
        self._make, self._jobs = make_answer, jobs
        self._own: Answer | None = None
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: deque[Future[list[bytes]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def ask(self, lines: list[bytes], *, more: bool) -> None:
        """Have lines answered; the first ones here, for most input is short."""
        if more and self._own and self._jobs > 1 and self._pool is None:
            fork = multiprocessing.get_context("fork")  # what the parent has loaded, nobody loads again
            self._pool = ProcessPoolExecutor(self._jobs, fork, _begin, (self._make,))
        if self._pool:
            self._waiting.append(self._pool.submit(_answer, lines))
        else:
            self._own = self._own or self._make()
            answered: Future[list[bytes]] = Future()
            answered.set_result(self._own(lines))
            self._waiting.append(answered)

    def answers(self, keep: int) -> Iterator[list[bytes]]:
        """The oldest answers, until only `keep` are outstanding."""
        while len(self._waiting) > keep:
            yield self._waiting.popleft().result()


_in_force: Answer
"""How a process of the crew answers."""


def _begin(make_answer: Callable[[], Answer]) -> None:
    global _in_force
    _in_force = make_answer()


def _answer(lines: list[bytes]) -> list[bytes]:
    return _in_force(lines)
