"""The way of a diverted call is found among tokens in any order, or there is none (RFC 8946 §4.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir.diversion import way
from gateway.stir.received import Claims

CALLER = "12155551212"


def div(diverting: str, *dest: str, orig: str = CALLER) -> Claims:
    return Claims(orig, dest, 0.0, div=diverting)


@pytest.mark.parametrize(
    ("dest", "target", "diversions", "expected"),
    [
        pytest.param("A", "A", [], (), id="not-diverted"),
        pytest.param("AB", "B", [], (), id="one-of-several-called"),
        pytest.param("A", "B", [], None, id="nothing-leads-there"),
        pytest.param("A", "B", [div("A", "B")], (0,), id="once"),
        pytest.param("A", "C", [div("A", "B"), div("B", "C")], (1, 0), id="twice-the-last-first"),
        pytest.param("A", "C", [div("B", "C"), div("A", "B")], (0, 1), id="twice-in-the-other-order"),
        pytest.param("A", "C", [div("B", "C")], None, id="the-first-step-missing"),
        pytest.param("A", "C", [div("A", "B")], None, id="the-last-step-missing"),
        pytest.param("A", "B", [div("B", "A")], None, id="backwards"),
        pytest.param("A", "B", [div("A", "X", "B")], (0,), id="to-one-of-several"),
        pytest.param("A", "B", [div("A", "B", orig="Z")], None, id="of-another-caller"),
        pytest.param("A", "B", [div("A", "B", orig="Z"), div("A", "B")], (1,), id="the-one-of-this-caller"),
        pytest.param(
            "A", "B", [Claims(CALLER, ("B",), 0.0, "A", "x")], None, id="a-token-that-diverts-nothing"
        ),
        pytest.param("A", "C", [div("A", "B"), div("B", "A"), div("B", "C")], (2, 0), id="past-a-circle"),
        pytest.param("A", "D", [div("B", "C"), div("C", "B")], None, id="a-circle-alone"),
        pytest.param("A", "B", [div("B", "B")], None, id="onto-itself"),
        pytest.param("A", "C", [div("A", "B"), div("B", "C"), div("A", "C")], (2,), id="the-shortest"),
        pytest.param("A", "B", [div("A", "B"), div("A", "B")], (0,), id="said-twice"),
    ],
)
def test_finds_the_way(
    dest: str, target: str, diversions: list[Claims], expected: tuple[int, ...] | None
) -> None:
    assert way(dest, target, CALLER, dict(enumerate(diversions))) == expected


NUMBERS = st.sampled_from("ABCDE")
DIVERSIONS = st.lists(st.builds(div, NUMBERS, NUMBERS, NUMBERS), max_size=8)


@given(NUMBERS, NUMBERS, DIVERSIONS)
def test_every_way_leads_from_dest_to_the_target(dest: str, target: str, diversions: list[Claims]) -> None:
    found = way(dest, target, CALLER, dict(enumerate(diversions)))
    if found is None:
        return
    number = target
    for key in found:
        assert number in diversions[key].dest
        number = diversions[key].div or ""
    assert number == dest
    assert len(set(found)) == len(found)
