"""Every line gets its answer, however the reader cuts the stream."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipe import answer_lines


class Pieces(BytesIO):
    """A stream that comes in pieces of a chosen size."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(self._size)


def answers(content: bytes, size: int = 65536) -> list[bytes]:
    sink = BytesIO()
    answer_lines(Pieces(content, size), sink, lambda lines: [line.upper() for line in lines])
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
