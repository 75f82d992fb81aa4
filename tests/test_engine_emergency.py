"""An emergency call passes everything, whatever is wrong with it, goes out as that, and is not counted."""

import pytest

from gateway.decision import Deliver, Forward
from gateway.policy.transform import Transform
from tests.defects import (
    DEFECTS,
    INBOUND_DEFECTS,
    Defect,
    World,
    decide,
    decide_inbound,
    everything,
    joined,
    rule_of,
)


def rewriting(original: str, target: str, by: str = "vos3000") -> World:
    return {"policy": {"transforms": (Transform(by, "callee", original, target),)}}


EMERGENCIES: dict[str, tuple[World, str]] = {
    "911": ({"call": {"callee": "911"}}, "911"),
    "112-as-uri": ({"call": {"callee": "sip:112@192.0.2.1;user=phone"}}, "112"),
    "933-the-test-call": ({"call": {"callee": "933"}}, "933"),
    "of-the-peer-s-own-list": (
        {"call": {"callee": "110"}, "peer": {"emergency": frozenset({"110"})}},
        "110",
    ),
    "made-by-a-transform": (joined({"call": {"callee": "9911"}}, rewriting("9", "")), "911"),
    "of-the-peer-s-list-made-by-a-transform": (
        joined({"call": {"callee": "0110"}, "peer": {"emergency": frozenset({"110"})}}, rewriting("0*", "*")),
        "110",
    ),
    "unmade-by-a-transform": (joined({"call": {"callee": "911"}}, rewriting("9", "")), "911"),
    "with-a-password": ({"call": {"callee": "sip:911:1234@192.0.2.1"}}, "911"),
    "in-escapes": ({"call": {"callee": "sip:9%31%31@192.0.2.1"}}, "911"),
    "lengthened-by-a-transform": (joined({"call": {"callee": "911"}}, rewriting("*", "025*")), "911"),
}


@pytest.mark.parametrize(("world", "callee"), EMERGENCIES.values(), ids=EMERGENCIES)
def test_an_emergency_call_passes_everything_that_is_wrong_at_once(world: World, callee: str) -> None:
    found = decide(joined(world, everything(DEFECTS)))
    assert isinstance(found, Forward)
    assert (found.rule, found.callee.digits) == ("emergency", callee)


@pytest.mark.parametrize("defect", [each for each in DEFECTS if each.check != "route"], ids=rule_of)
def test_an_emergency_call_passes(defect: Defect) -> None:
    assert decide(joined({"call": {"callee": "911"}}, defect.world)).rule == "emergency"


@pytest.mark.parametrize("callee", ["911", "112", "933"])
def test_an_emergency_call_of_a_carrier_passes_everything_that_is_wrong_at_once(callee: str) -> None:
    found = decide_inbound(joined({"call": {"callee": callee}}, everything(INBOUND_DEFECTS)))
    assert isinstance(found, Deliver)
    assert (found.rule, found.callee.digits) == ("emergency", callee)


SENT = {"made-by-a-transform": "911", "of-the-peer-s-list-made-by-a-transform": "110"}


@pytest.mark.parametrize("case", EMERGENCIES)
def test_an_emergency_call_goes_out_as_it_was_dialled_unless_a_transform_made_it(case: str) -> None:
    found = decide(EMERGENCIES[case][0])
    assert found.parties
    assert found.parties.callee_sent == SENT.get(case)


@pytest.mark.parametrize("case", EMERGENCIES)
def test_an_emergency_call_holds_nothing_and_is_not_counted(case: str) -> None:
    found = decide(EMERGENCIES[case][0])
    assert isinstance(found, Forward) and found.parties
    assert (found.hold, found.parties.emergency) == (None, True)


def test_an_emergency_call_without_a_route_is_refused_for_that() -> None:
    assert decide({"call": {"callee": "911"}, "policy": {"routes": ()}}).rule == "route.none"


@pytest.mark.parametrize("callee", ["9115550100", "1911", "+1911", "91", "11", "*911", ""])
def test_what_only_looks_like_an_emergency_number_passes_nothing(callee: str) -> None:
    assert decide({"call": {"callee": callee}, "account": {"enabled": False}}).rule == "account.disabled"
