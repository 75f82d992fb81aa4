"""Every line gets its answer, however the reader cuts the stream."""

import multiprocessing
import os
import threading
from io import BytesIO, RawIOBase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipe import Answer, answer_lines


class Pieces(RawIOBase):
    """A stream that comes in pieces of a chosen size."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__()
        self._content, self._size = BytesIO(content), size

    def read(self, size: int = -1, /) -> bytes:
        return self._content.read(self._size)


def loud() -> Answer:
    return lambda lines: [line.upper() for line in lines]


def answers(content: bytes, size: int = 65536, jobs: int = 1) -> list[bytes]:
    sink = BytesIO()
    answer_lines(Pieces(content, size), sink, loud, jobs=jobs)
    return sink.getvalue().splitlines()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"\n \n", []),
        (b"a\nb\n", [b"A", b"B"]),
        (b"a\nb", [b"A", b"B"]),
        (b"\na\n\nb\n\n", [b"A", b"B"]),
    ],
)
def test_lines_that_are_not_blank_are_answered(content: bytes, expected: list[bytes]) -> None:
    assert answers(content) == expected


@given(st.lists(st.sampled_from([b"a", b"bb", b"", b"cccc"])), st.integers(1, 5))
def test_the_size_of_the_pieces_makes_no_difference(lines: list[bytes], size: int) -> None:
    content = b"\n".join(lines)
    assert answers(content, size) == answers(content)


def test_of_a_line_without_end_no_more_is_kept_than_is_needed_to_refuse_it() -> None:
    seen: list[int] = []

    def measure(lines: list[bytes]) -> list[bytes]:
        seen.extend(map(len, lines))
        return lines

    answer_lines(Pieces(b"a" * 5000 + b"\nb", 64), BytesIO(), lambda: measure, longest=1000)
    assert seen == [1024, 1]


def test_several_processes_keep_the_order_of_the_lines() -> None:
    lines = [b"%d" % number for number in range(5000)]
    assert answers(b"\n".join(lines), 100, jobs=3) == lines


def test_nobody_is_left_behind() -> None:
    """A process that still ends when the command does would meet closed pipes."""
    answers(b"\n".join(b"%d" % number for number in range(5000)), 100, jobs=3)
    assert not multiprocessing.active_children()


def test_a_mistake_in_one_of_several_processes_is_raised_here() -> None:
    def fail(lines: list[bytes]) -> list[bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer_lines(Pieces(b"a\nb\n", 2), BytesIO(), lambda: fail, jobs=2)


def test_what_came_alone_is_answered_before_more_comes() -> None:
    reading, writing = os.pipe()
    sink = Sink()
    with os.fdopen(reading, "rb", 0) as source, os.fdopen(writing, "wb", 0) as line:
        thread = threading.Thread(target=answer_lines, args=(source, sink, loud), kwargs={"jobs": 2})
        thread.start()
        line.write(b"a\n")
        assert sink.flushed.wait(10)
        assert sink.getvalue() == b"A\n"
        line.close()
        thread.join(10)


class Sink(BytesIO):
    """Says when it is flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed = threading.Event()

    def flush(self) -> None:
        self.flushed.set()
