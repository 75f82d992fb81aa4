"""A TNAuthList covers what its entries add up to, and delegates no more than that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir.scope import scope_of
from gateway.stir.tnauthlist import Entry, One, Range, Spc

HUNDRED = Range("12155550100", 100)


@pytest.mark.parametrize(
    ("entry", "number"),
    [
        pytest.param(One("12155550100"), "12155550101", id="another-number"),
        pytest.param(One("12155550100"), "012155550100", id="equal-as-a-figure-but-longer"),
        pytest.param(HUNDRED, "12155550099", id="just-below-a-range"),
        pytest.param(HUNDRED, "12155550200", id="just-above-a-range"),
        pytest.param(HUNDRED, "2155550150", id="a-number-of-another-length"),
        pytest.param(Range("98", 5), "100", id="a-range-does-not-grow-longer"),
        pytest.param(HUNDRED, "1215555015*", id="no-figure"),
        pytest.param(One("*21"), "*22", id="another-number-with-a-star"),
        pytest.param(Range("*21", 2), "*22", id="a-range-of-what-are-no-figures"),
        pytest.param(HUNDRED, "", id="nothing"),
        pytest.param(One("12155550100"), "1215555010٠", id="a-digit-of-another-script"),
    ],
)
def test_a_number_outside_is_not_covered(entry: Entry, number: str) -> None:
    assert not scope_of([entry]).covers(number)


@pytest.mark.parametrize(
    ("entries", "number"),
    [
        pytest.param([Spc("616H")], "12155550100", id="a-code-stands-for-every-number"),
        pytest.param([Spc("616H"), One("1")], "12155550100", id="a-code-beside-a-number"),
        pytest.param([One("12155550100")], "12155550100", id="the-number"),
        pytest.param([HUNDRED], "12155550100", id="the-first-of-a-range"),
        pytest.param([HUNDRED], "12155550199", id="the-last-of-a-range"),
        pytest.param([Range("98", 5)], "99", id="the-part-of-a-range-that-has-numbers"),
        pytest.param([One("1"), HUNDRED, One("3")], "12155550142", id="one-entry-of-several"),
        pytest.param([One("*21")], "*21", id="a-number-with-a-star"),
        pytest.param([Range("0010", 2)], "0011", id="leading-zeros"),
    ],
)
def test_a_number_inside_is_covered(entries: list[Entry], number: str) -> None:
    assert scope_of(entries).covers(number)


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        pytest.param([HUNDRED], [Range("12155550150", 51)], id="one-number-beyond-the-end"),
        pytest.param([HUNDRED], [Range("12155550099", 2)], id="one-number-before-the-start"),
        pytest.param([HUNDRED], [One("12155550150"), One("12155550200")], id="one-of-two-outside"),
        pytest.param([HUNDRED, Range("12155550201", 9)], [Range("12155550100", 105)], id="across-a-gap"),
        pytest.param([HUNDRED], [Spc("616H")], id="a-code-under-numbers"),
        pytest.param([Spc("616H")], [Spc("709J")], id="the-code-of-another-provider"),
        pytest.param([One("*21")], [One("*22")], id="a-star-number-not-had"),
    ],
)
def test_nobody_delegates_what_they_do_not_have(parent: list[Entry], child: list[Entry]) -> None:
    assert not scope_of(parent).includes(scope_of(child))


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        pytest.param([HUNDRED], [HUNDRED], id="all-of-it"),
        pytest.param([HUNDRED], [One("12155550100"), Range("12155550110", 10)], id="parts-of-it"),
        pytest.param(
            [HUNDRED, Range("12155550200", 9)], [Range("12155550100", 105)], id="across-ranges-that-touch"
        ),
        pytest.param([Spc("616H")], [One("12155550100"), One("*21")], id="any-numbers-of-a-provider"),
        pytest.param([Spc("616H"), Spc("709J")], [Spc("709J")], id="one-code-of-two"),
    ],
)
def test_what_is_had_can_be_delegated(parent: list[Entry], child: list[Entry]) -> None:
    assert scope_of(parent).includes(scope_of(child))


FIGURES = st.integers(0, 999)
ENTRIES = st.lists(
    st.builds(lambda start, count: Range(f"{start:03}", count), FIGURES, st.integers(2, 60))
    | st.builds(lambda start: One(f"{start:03}"), FIGURES),
    min_size=1,
    max_size=8,
)


@given(ENTRIES, FIGURES)
def test_intervals_hold_what_the_entries_hold_one_by_one(entries: list[Entry], figure: int) -> None:
    held = any(
        int(entry.start) <= figure < int(entry.start) + entry.count
        if isinstance(entry, Range)
        else isinstance(entry, One) and int(entry.number) == figure
        for entry in entries
    )
    assert scope_of(entries).covers(f"{figure:03}") == held


@given(ENTRIES, ENTRIES)
def test_one_scope_includes_another_if_it_covers_all_its_numbers(
    parent: list[Entry], child: list[Entry]
) -> None:
    above, below = scope_of(parent), scope_of(child)
    numbers = [f"{figure:03}" for figure in range(1000)]
    assert above.includes(below) == all(above.covers(each) for each in numbers if below.covers(each))
