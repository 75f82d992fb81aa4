"""A number has one owner or none, and the bounds of a section belong to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.sections import NumberSection, SectionTable, overlaps


def section(begin: str, end: str, name: str = "s") -> NumberSection:
    return NumberSection(begin, end, "acme", name)


@pytest.mark.parametrize(
    ("begin", "end", "why"),
    [("100", "1000", "differ in length"), ("200", "100", "comes after")],
    ids=["lengths", "order"],
)
def test_a_section_that_cannot_be_is_refused(begin: str, end: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        section(begin, end)


TABLE = SectionTable(
    [
        section("12155550200", "12155550299", "late"),
        section("12155550100", "12155550199", "early"),
        section("911", "911"),
    ]
)


@pytest.mark.parametrize(
    "digits",
    ["12155550099", "12155550300", "1215555010", "121555501000", "", "1", "910", "912", "99999999999"],
)
def test_a_number_outside_every_section_is_nobodys(digits: str) -> None:
    assert TABLE.find(digits) is None


@pytest.mark.parametrize(
    ("digits", "name"),
    [("12155550100", "early"), ("12155550199", "early"), ("12155550200", "late"), ("12155550299", "late")],
)
def test_both_bounds_belong_to_the_section(digits: str, name: str) -> None:
    found = TABLE.find(digits)
    assert found is not None
    assert found.name == name


def test_an_empty_table_owns_nothing() -> None:
    assert SectionTable([]).find("12155550100") is None


@pytest.mark.parametrize(
    ("sections", "pairs"),
    [
        ([section("100", "199", "a"), section("200", "299", "b")], []),
        ([section("100", "199", "a"), section("1000", "1999", "b")], []),
        ([section("100", "200", "a"), section("200", "299", "b")], [("a", "b")]),
        (
            [section("150", "160", "b"), section("100", "199", "a"), section("190", "195", "c")],
            [("a", "b"), ("a", "c")],
        ),
    ],
    ids=["neighbours", "other-length", "shared-bound", "nested"],
)
def test_overlaps_name_both_sections(sections: list[NumberSection], pairs: list[tuple[str, str]]) -> None:
    assert [(earlier.name, later.name) for earlier, later in overlaps(sections)] == pairs


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 30)), max_size=8), st.integers(0, 999))
def test_the_table_agrees_with_looking_at_every_section(starts: list[tuple[int, int]], number: int) -> None:
    sections = [section(f"{a:03}", f"{min(a + n, 999):03}", str(i)) for i, (a, n) in enumerate(starts)]
    if overlaps(sections):
        return
    owners = [s for s in sections if s.begin <= f"{number:03}" <= s.end]
    assert SectionTable(sections).find(f"{number:03}") == (owners[0] if owners else None)
