"""A number has one owner or none, and the bounds of a section belong to it."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.sections import NumberSection, SectionTable, overlaps


def section(begin: str, end: str, name: str = "s") -> NumberSection:
    return NumberSection(begin, end, "acme", name)


@pytest.mark.parametrize(
    ("begin", "end", "why"),
    [
        ("100", "1000", "differ in length"),
        ("200", "100", "comes after"),
        ("1x0", "1x9", "is not 1 to 18 digits"),
        ("", "", "is not 1 to 18 digits"),
        ("1" * 19, "2" * 19, "is not 1 to 18 digits"),
    ],
    ids=["lengths", "order", "letter", "empty", "too-long"],
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


def test_a_section_is_found_as_it_was_written() -> None:
    written = NumberSection("0100", "0199", "ümlaut", "leading zero")
    assert SectionTable([section("100", "199"), written]).find("0150") == written


OWNED = [
    NumberSection("100", "199", "acme", "a"),
    NumberSection("200", "299", "bell", "b"),
    NumberSection("400", "499", "acme", "c"),
    NumberSection("1000", "1999", "acme", "d"),
]
QUERIED = SectionTable(reversed(OWNED))


def test_a_table_gives_back_its_sections_in_order() -> None:
    assert list(QUERIED) == OWNED
    assert len(QUERIED) == 4


@pytest.mark.parametrize(("account", "names"), [("acme", "acd"), ("bell", "b"), ("", ""), ("zeta", "")])
def test_number_section_query_by_account(account: str, names: str) -> None:
    assert [found.name for found in QUERIED.of_account(account)] == list(names)


@pytest.mark.parametrize(
    ("begin", "end", "names"),
    [
        pytest.param("300", "399", "", id="between"),
        pytest.param("000", "099", "", id="before"),
        pytest.param("2000", "2999", "", id="after"),
        pytest.param("10", "49", "", id="shorter-numbers"),
        pytest.param("199", "200", "ab", id="touching-two"),
        pytest.param("150", "150", "a", id="one-number"),
        pytest.param("150", "450", "abc", id="across"),
        pytest.param("000", "999", "abc", id="all-of-that-length"),
    ],
)
def test_number_section_query_by_range(begin: str, end: str, names: str) -> None:
    assert [found.name for found in QUERIED.within(begin, end)] == list(names)


@pytest.mark.parametrize(
    ("begin", "end"),
    [("", "100"), ("100", ""), ("1x0", "200"), ("299", "200"), ("400", "1500")],
    ids=["no-begin", "no-end", "letter", "upside-down", "lengths"],
)
def test_a_query_for_what_is_no_range_is_refused(begin: str, end: str) -> None:
    with pytest.raises(ValueError, match=r"digits|comes after|differ in length"):
        QUERIED.within(begin, end)


def test_a_table_survives_pickling_with_its_buffers_apart() -> None:
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(QUERIED, 5, buffer_callback=buffers.append)
    again = pickle.loads(data, buffers=buffers)
    assert list(again) == OWNED
    assert again.find("450") == OWNED[2]


def test_ten_thousand_sections_are_a_handful_of_buffers_and_no_objects() -> None:
    sections = [section(f"{place:06}", f"{place:06}", f"name {place}") for place in range(10_000)]
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(SectionTable(sections), 5, buffer_callback=buffers.append)
    assert len(data) < 1_000
    assert len(buffers) < 10
