"""A column is what was put into it, is never changed, and is unpickled where its buffer lies."""

import copy
import mmap
import pickle
import sys
import tempfile
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.columns import (
    LONGEST,
    Column,
    Repeated,
    Texts,
    check_range,
    key_digits,
    key_or_none,
    number_key,
)

NO_NUMBERS = [
    pytest.param("", id="empty"),
    pytest.param("12a4", id="letter"),
    pytest.param("*67", id="star"),
    pytest.param("+1212", id="plus"),
    pytest.param("-1", id="minus"),
    pytest.param("1_2", id="underscore"),
    pytest.param(" 12", id="space"),
    pytest.param("12\n", id="newline"),
    pytest.param("١٢", id="arabic-digits"),
    pytest.param("²", id="superscript"),
    pytest.param("1" * (LONGEST + 1), id="too-long"),
]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_not_digits_has_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="is not 1 to 18 digits"):
        number_key(text)
    assert key_or_none(text) is None


def test_a_withheld_number_has_no_key() -> None:
    assert key_or_none(None) is None


def test_the_longest_number_fits_a_signed_integer_of_64_bits() -> None:
    assert number_key("9" * LONGEST) < 2**63


def test_keys_keep_leading_zeros_and_sort_by_length_first() -> None:
    numbers = ["1", "9", "00", "01", "10", "001", "911"]
    assert sorted(numbers, key=number_key) == numbers


@given(st.from_regex(r"\A[0-9]{1,18}\Z"))
def test_the_key_gives_back_the_digits(digits: str) -> None:
    assert key_digits(number_key(digits)) == digits
    assert key_or_none(digits) == number_key(digits)


@pytest.mark.parametrize(
    ("begin", "end", "why"),
    [
        pytest.param("100", "1000", "differ in length", id="lengths"),
        pytest.param("200", "100", "comes after", id="upside-down"),
        pytest.param("1x0", "200", "is not 1 to 18 digits", id="letter"),
        pytest.param("", "", "is not 1 to 18 digits", id="empty"),
    ],
)
def test_what_is_no_range_is_refused(begin: str, end: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_range(begin, end)


@pytest.mark.parametrize(("value", "code"), [(-1, "Q"), (2**64, "Q"), (2**32, "I")])
def test_a_value_that_does_not_fit_is_refused(value: int, code: str) -> None:
    with pytest.raises(OverflowError):
        Column.of([value], "Q" if code == "Q" else "I")


def test_nothing_can_be_written_into_a_column() -> None:
    with pytest.raises(TypeError):
        Column.of([1]).view[0] = 2
    unpickled = pickle.loads(pickle.dumps(Column.of([1])), buffers=[bytearray(8)])
    with pytest.raises(TypeError):
        unpickled.view[0] = 2


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        Texts.of(["\ud800"])


def test_a_column_is_a_sequence() -> None:
    column = Column.of([3, 5, 8], "I")
    assert (len(column), column[1], column[-1], list(column)) == (3, 5, 8, [3, 5, 8])
    assert bisect_left(column.view, 8) == 2
    with pytest.raises(IndexError):
        column[3]


numbers = st.lists(st.integers(0, 2**64 - 1), max_size=20)
texts = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=20)


@given(numbers, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_a_column_survives_pickling_in_band(values: list[int], protocol: int) -> None:
    assert list(pickle.loads(pickle.dumps(Column.of(values), protocol))) == values


@given(texts, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_texts_survive_pickling_in_band(values: list[str], protocol: int) -> None:
    again = pickle.loads(pickle.dumps(Texts.of(values), protocol))
    assert (list(again), len(again)) == (values, len(values))


@given(numbers, texts)
def test_buffers_out_of_band_may_be_of_any_kind(values: list[int], words: list[str]) -> None:
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps((Column.of(values), Texts.of(words)), 5, buffer_callback=buffers.append)
    for kind in (bytes, bytearray, lambda raw: memoryview(bytes(raw))):
        column, texts = pickle.loads(data, buffers=[kind(buffer.raw()) for buffer in buffers])
        assert (list(column), list(texts)) == (values, words)


def test_out_of_band_the_numbers_are_not_in_the_pickle() -> None:
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(Column.of(range(100_000)), 5, buffer_callback=buffers.append)
    assert len(data) < 200
    assert [buffer.raw().nbytes for buffer in buffers] == [800_000]


def test_a_column_is_unpickled_from_mapped_memory_without_copying() -> None:
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(Column.of([7, 8, 9]), 5, buffer_callback=buffers.append)
    with tempfile.TemporaryFile() as file:
        file.write(b"odd" + buffers[0].raw())  # at an odd place: buffers in a file need not be aligned
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0)
        column = pickle.loads(data, buffers=[memoryview(mapped)[3:]])
        assert list(column) == [7, 8, 9]
        mapped[3:11] = (1).to_bytes(8, sys.byteorder)
        assert column[0] == 1


def test_a_copy_is_equal_number_for_number() -> None:
    assert list(copy.deepcopy(Column.of([1, 2]))) == [1, 2]


def test_repeated_texts_are_kept_once_and_found_everywhere() -> None:
    repeated = Repeated.of(["b", "a", "b", "c"])
    assert [repeated[place] for place in range(4)] == ["b", "a", "b", "c"]
    assert len(repeated.texts) == 3
    assert list(repeated.places_of("b")) == [0, 2]


@pytest.mark.parametrize("text", ["", "aa", "d"], ids=["before", "between", "after"])
def test_a_text_that_is_not_there_stands_nowhere(text: str) -> None:
    assert list(Repeated.of(["a", "b"]).places_of(text)) == []
