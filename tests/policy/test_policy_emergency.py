"""An emergency number is recognised however it is dialled, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.emergency import STANDARD, emergency_number
from gateway.policy.peers import Peer
from gateway.stir.tn import NumberPlan

US = Peer("us", "softswitch", NumberPlan.of("US"), emergency=frozenset({"9911"}))
GB = Peer("gb", "softswitch", NumberPlan.of("GB"))


@pytest.mark.parametrize(
    "dialled",
    ["", "9112", "12155550911", "911911", "*911", "sip:vos@911", "91 2", "+1911", "nine", "9" * 5000],
)
def test_other_numbers_are_none(dialled: str) -> None:
    assert emergency_number(dialled, US) is None


@pytest.mark.parametrize(
    ("dialled", "peer", "digits"),
    [
        ("911", US, "911"),
        ("112", US, "112"),
        ("933", US, "933"),
        ("9911", US, "9911"),
        ("+911", US, "911"),
        ("sip:911@192.0.2.1:5060;user=phone", US, "911"),
        ("<sip:911;phone-context=+1@192.0.2.1>;tag=x", US, "911"),
        ('"Help" <SIP:112@192.0.2.1>', US, "112"),
        ("tel:911;phone-context=+1", US, "911"),
        ("9-1-1", US, "911"),
        ("999", GB, "999"),
    ],
)
def test_emergency_numbers(dialled: str, peer: Peer, digits: str) -> None:
    found = emergency_number(dialled, peer)
    assert found is not None
    assert found.digits == digits


def test_another_peers_own_number_is_none() -> None:
    assert emergency_number("9911", GB) is None


@given(st.text(max_size=40))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    found = emergency_number(text, US)
    assert found is None or found.digits in STANDARD | {"9911"}
