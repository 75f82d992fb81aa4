"""The longest prefix wins, and a prefix longer than the number is none of it."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.prefixes import PrefixTable


@pytest.mark.parametrize(
    "prefix",
    ["12a", "+1", "1*", "12?", " 1", "1_2", "١", "1" * 19],
    ids=["letter", "plus", "star", "question", "space", "underscore", "arabic-digit", "too-long"],
)
def test_a_prefix_is_made_of_digits(prefix: str) -> None:
    with pytest.raises(ValueError, match="is not made of digits"):
        PrefixTable.of(["1", prefix])


TABLE = PrefixTable.of(["1", "1242", "12425", "44", "4420", "999", "1242"])


def found(table: PrefixTable, number: str) -> str | None:
    place = table.find(number)
    return table.prefix(place) if place >= 0 else None


@pytest.mark.parametrize("number", ["", "2", "242", "4", "43", "45", "99", "998", "*67", "#1", "٤٤"])
def test_a_number_that_begins_with_no_prefix_finds_none(number: str) -> None:
    assert TABLE.find(number) == -1


def test_an_empty_table_finds_none() -> None:
    assert PrefixTable.of([]).find("12425550100") == -1


@pytest.mark.parametrize(
    ("number", "prefix"),
    [
        pytest.param("12125550100", "1", id="only-the-short-one"),
        pytest.param("12423330100", "1242", id="the-longer-one"),
        pytest.param("12425550100", "12425", id="the-longest"),
        pytest.param("124", "1", id="shorter-than-the-longer-ones"),
        pytest.param("1242", "1242", id="just-the-prefix"),
        pytest.param("442071838750", "4420", id="country-and-city"),
        pytest.param("447700900123", "44", id="country-alone"),
        pytest.param("9" * 25, "999", id="longer-than-any-key"),
        pytest.param("1242#5", "1242", id="other-signs-end-it"),
    ],
)
def test_the_longest_prefix_wins(number: str, prefix: str) -> None:
    assert found(TABLE, number) == prefix


@pytest.mark.parametrize("number", ["", "0", "2125550100", "*67"])
def test_the_empty_prefix_is_one_of_every_number(number: str) -> None:
    assert found(PrefixTable.of(["", "1"]), number) == ""


def test_prefixes_are_numbered_in_their_sorted_order_each_once() -> None:
    assert list(TABLE) == ["1", "1242", "12425", "44", "4420", "999"]
    assert len(TABLE) == 6


@pytest.mark.parametrize("last", ["9" * 18, "9" * 17 + "8"])
def test_the_last_prefix_of_all_ends_where_it_should(last: str) -> None:
    table = PrefixTable.of(["9", last])
    assert found(table, last) == last
    assert found(table, "9" * 16 + "7") == "9"
    assert found(table, "9" * 17) == "9"


few_digits = st.text("019", max_size=5)


@given(
    st.lists(few_digits, max_size=12), few_digits, st.sampled_from(["", "0" * 14, "9" * 14, "9" * 30, "*"])
)
def test_it_agrees_with_trying_every_prefix(prefixes: list[str], number: str, rest: str) -> None:
    table = pickle.loads(pickle.dumps(PrefixTable.of(prefixes)))
    number += rest
    assert found(table, number) == max(filter(number.startswith, prefixes), key=len, default=None)


def test_ten_thousand_prefixes_are_a_handful_of_buffers_and_no_objects() -> None:
    buffers: list[pickle.PickleBuffer] = []
    table = PrefixTable.of(f"{place:05}" for place in range(10_000))
    data = pickle.dumps(table, 5, buffer_callback=buffers.append)
    assert len(data) < 1_000
    assert len(buffers) < 10
