"""A set of numbers holds what was put into it, in full, and nothing that merely looks alike."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.columns import Column, number_key
from gateway.policy.numbersets import NumberSet

digits = st.text("0123456789", min_size=1, max_size=18)


@pytest.mark.parametrize(
    "text", ["", "1212555010x", "*67", "1" * 19], ids=["empty", "letter", "star", "long"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not 1 to 18 digits"):
        NumberSet.of(["12125550100", text])


@pytest.mark.parametrize("keys", [[12, 11], [11, 11]], ids=["descending", "twice"])
def test_keys_that_do_not_ascend_are_refused(keys: list[int]) -> None:
    with pytest.raises(ValueError, match="must ascend"):
        NumberSet.of_keys(Column.of(keys))


LISTED = NumberSet.of(["12125550100", "012125550100", "911"])


@pytest.mark.parametrize(
    "number",
    ["1212555010", "121255501000", "12125550101", "12125550099", "0012125550100", "0911", "91", "9110"],
)
def test_lists_match_in_full(number: str) -> None:
    assert not LISTED.holds(number_key(number))


def test_an_empty_set_holds_nothing() -> None:
    assert not NumberSet().holds(number_key("911"))
    assert (len(NumberSet()), list(NumberSet())) == (0, [])


def test_a_number_written_twice_is_held_once() -> None:
    assert list(NumberSet.of(["911", "112", "911"])) == ["112", "911"]


@given(st.lists(digits, max_size=30), st.lists(digits, max_size=10))
def test_it_agrees_with_a_set(listed: list[str], others: list[str]) -> None:
    numbers = NumberSet.of(listed)
    assert set(numbers) == set(listed)
    assert len(numbers) == len(set(listed))
    for number in listed + others:
        assert numbers.holds(number_key(number)) == (number in listed)


@given(st.lists(digits, max_size=30))
def test_it_can_be_made_again_from_its_keys(listed: list[str]) -> None:
    numbers = NumberSet.of(listed)
    assert list(NumberSet.of_keys(numbers.keys)) == list(numbers)
    assert list(pickle.loads(pickle.dumps(numbers))) == list(numbers)
