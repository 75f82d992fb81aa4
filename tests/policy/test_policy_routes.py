"""The longest prefix carries the call; at equal length, a peer's own route."""

import pytest

from gateway.policy.routes import Route, RouteTable

TABLE = RouteTable(
    [
        Route("", ("carrier",), "default"),
        Route("1215", ("carrier",), "philadelphia"),
        Route("44", ("carrier",), "uk"),
        Route("44", ("carrier",), "uk-own", from_peer="vos3000"),
        Route("", ("carrier",), "own", from_peer="other"),
    ]
)


@pytest.mark.parametrize(
    ("peer", "digits", "name"),
    [
        ("vos3000", "12155550100", "philadelphia"),
        ("vos3000", "12125550100", "default"),
        ("vos3000", "442071838750", "uk-own"),
        ("anybody", "442071838750", "uk"),
        ("other", "33123456789", "own"),
        ("other", "442071838750", "uk"),
        ("anybody", "9", "default"),
    ],
)
def test_route_of_a_call(peer: str, digits: str, name: str) -> None:
    found = TABLE.find(peer, digits)
    assert found is not None
    assert found.name == name


def test_no_route_is_none() -> None:
    assert RouteTable([Route("44", ("carrier",), "uk")]).find("vos3000", "12155550100") is None
    assert RouteTable([]).find("vos3000", "1") is None
