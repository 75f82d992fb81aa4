"""A list group's numbers are read a line each, and changed by what differs, however many they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policies import WHO, policy

from gateway.policy.columns import key_digits
from gateway.policy.snapshot import PolicyError
from gateway.stir.tn import NumberPlan
from gateway.store import numbers
from gateway.store.errors import NotThere
from gateway.store.numbers import read_numbers
from gateway.store.store import Store

US = NumberPlan.of("US")


@pytest.fixture
def group(store: Store) -> Store:
    store.load(policy(), WHO)
    return store


def ignored(_count: int) -> None:
    pass


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("what", "line 2: 'what' is not a number"),
        ("1215555*", "line 2: '1215555*' contains a wildcard"),
        ("121555501??", "contains a wildcard; lists match in full"),
        ("2155550100,2155550101", "line 2: '2155550100,2155550101' is not a number"),
        ("1" * 19, "line 2: '1111111111111111111' has more than 18 digits"),
        ("+", "line 2: '+' holds no digit"),
        ("number", "line 2: 'number' is not a number"),
        ("２１５５５５０１００", "line 2: "),
        ("1" * 10_000_000, "line 2: more than 65536 characters; write one number a line"),
    ],
    ids=lambda text: text[:20],
)
def test_a_line_that_is_no_number_is_named(line: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_numbers(["2155550100", line, "2155550101"], US, ignored)
    (error,) = caught.value.errors
    assert said in error
    assert len(error) < 200


def test_of_a_wrong_file_no_more_than_enough_is_told() -> None:
    with pytest.raises(PolicyError) as caught:
        read_numbers(("x" for _ in range(1_000_000)), US, ignored)
    assert len(caught.value.errors) == 101
    assert caught.value.errors[-1] == "there may be more"


def test_a_group_that_is_not_there_is_told(group: Store) -> None:
    with pytest.raises(NotThere, match="there is no list group 'nobody'; do: make it first"):
        group.put_numbers("nobody", ["2155550100"], WHO)
    with pytest.raises(NotThere):
        group.numbers("nobody")


def test_one_wrong_line_and_nothing_changes(group: Store) -> None:
    with pytest.raises(PolicyError):
        group.put_numbers("nuisance", ["2155550100", "?"], WHO)
    assert group.revision() == 1
    assert list(group.every_number("nuisance")) == ["+0000", "+12155550111"]


def test_a_file_that_came_empty_empties_no_group(group: Store) -> None:
    with pytest.raises(
        PolicyError, match="begin with the line `number`, alone where the list is to be empty"
    ):
        group.put_numbers("nuisance", [], WHO)
    assert list(group.every_number("nuisance")) == ["+0000", "+12155550111"]


@pytest.mark.parametrize(
    ("mode", "lines", "changed", "left"),
    [
        ("replace", ["2155550111", "2155550112"], 2, ["+12155550111", "+12155550112"]),
        ("replace", ["number"], 2, []),
        ("replace", ["0000", "(215) 555-0111", "+12155550111"], 0, ["+0000", "+12155550111"]),
        ("add", ["2155550111", "2155550112"], 1, ["+0000", "+12155550111", "+12155550112"]),
        ("replace", ['"number"', '"2155550111"', '"2155550112"'], 2, ["+12155550111", "+12155550112"]),
        ("add", ["number"], 0, ["+0000", "+12155550111"]),
        ("remove", ["2155550111", "2155550112"], 1, ["+0000"]),
        ("remove", ["number"], 0, ["+0000", "+12155550111"]),
    ],
)
def test_numbers_are_replaced_added_and_removed(
    group: Store, mode: numbers.Mode, lines: list[str], changed: int, left: list[str]
) -> None:
    assert group.put_numbers("nuisance", lines, WHO, mode) == changed
    assert list(group.every_number("nuisance")) == left
    assert group.revision() == (2 if changed else 1)


def test_a_bulk_upload_is_one_line_of_the_record_with_its_counts(group: Store) -> None:
    group.put_numbers("nuisance", (str(2_155_560_000 + place) for place in range(1000)), WHO)
    (change,) = group.audit({"action": "numbers-replace"}, limit=1).entries
    assert (change.resource, change.key, change.revision) == ("list-groups", "nuisance", 2)
    assert (change.before, change.after) == (None, {"added": 1000, "removed": 2})


def test_progress_is_told(group: Store) -> None:
    told: list[int] = []
    group.put_numbers(
        "nuisance", (str(2_000_000_000 + each) for each in range(25_000)), WHO, "add", told.append
    )
    assert told == [10_000, 20_000, 10_000, 20_000, 25_000]


def test_numbers_are_told_in_pages(group: Store) -> None:
    group.put_numbers("nuisance", ["911", "2155550100", "+442071838750", "0000", "00"], WHO)
    first = group.numbers("nuisance", limit=3)
    assert first.entries == ("+00", "+911", "+0000")
    assert group.numbers("nuisance", limit=3, after=first.next).entries == ("+12155550100", "+442071838750")


@pytest.mark.parametrize(
    ("number", "found"), [("215 555 0111", ("+12155550111",)), ("2155550199", ())], ids=["listed", "other"]
)
def test_one_number_is_looked_up(group: Store, number: str, found: tuple[str, ...]) -> None:
    assert group.numbers("nuisance", number=number).entries == found


def test_numbers_go_with_their_group(group: Store) -> None:
    group.load(
        {"list-groups": [{"name": "other"}], "accounts": policy()["accounts"][:1], "authorisations": []}, WHO
    )
    group.load({"list-groups": [{"name": "nuisance"}]}, WHO)
    assert list(group.every_number("nuisance")) == []


@given(st.lists(st.from_regex(r"\+?[0-9]{1,18}", fullmatch=True)))
def test_keys_ascend_and_each_stands_once(lines: list[str]) -> None:
    keys = read_numbers(["number", "", *lines], US, ignored)
    assert list(keys) == sorted(set(keys))
    assert all(1 <= len(key_digits(key)) <= 18 for key in keys)


@given(st.sets(st.integers(0, 50)), st.sets(st.integers(0, 50)))
def test_what_is_missing_is_the_difference_of_sets(these: set[int], those: set[int]) -> None:
    assert list(numbers.missing(sorted(these), sorted(those))) == sorted(these - those)
