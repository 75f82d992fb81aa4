"""Area Information: a number lies in the area with its longest prefix."""

import pytest

from gateway.policy.areas import Area, AreaTable

AREAS = AreaTable(
    [
        Area("1", "North America"),
        Area("1212", "New York"),
        Area("1646", "New York"),
        Area("44", "United Kingdom"),
        Area("4420", "London"),
        Area("880", "Bangladesh"),
    ]
)


@pytest.mark.parametrize("prefix", ["44a", "+44", "44*"])
def test_an_area_prefix_is_made_of_digits(prefix: str) -> None:
    with pytest.raises(ValueError, match="is not made of digits"):
        Area(prefix, "United Kingdom")


@pytest.mark.parametrize("number", ["", "4", "88", "331234567", "*67"])
def test_a_number_outside_every_area_lies_in_none(number: str) -> None:
    assert AREAS.find(number) is None


@pytest.mark.parametrize(
    ("number", "area"),
    [
        ("12125550100", Area("1212", "New York")),
        ("16465550100", Area("1646", "New York")),
        ("13105550100", Area("1", "North America")),
        ("442071838750", Area("4420", "London")),
        ("447700900123", Area("44", "United Kingdom")),
        ("8801711000000", Area("880", "Bangladesh")),
    ],
)
def test_the_longest_area_prefix_wins(number: str, area: Area) -> None:
    assert AREAS.find(number) == area


def test_an_operator_without_areas_has_none() -> None:
    assert AreaTable([]).find("12125550100") is None
