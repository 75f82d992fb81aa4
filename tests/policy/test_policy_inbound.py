"""What a carrier's policy leaves open the node decides; every reason has a class, every verdict a result."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from gateway.policy.hops import NextHop
from gateway.policy.inbound import (
    REASON_CLASSES,
    RESULT_CLASSES,
    Action,
    InboundRules,
    Tell,
    Verification,
    class_of,
    result_of,
)
from gateway.policy.peers import Peer
from gateway.policy.routes import Route
from gateway.policy.snapshot import PolicyData, PolicyError, compile_snapshot
from gateway.stir.reasons import Reason
from gateway.stir.tn import NumberPlan

US = NumberPlan.of("US")
OWN, BAD = NextHop("udp", "192.0.2.1", 5060), NextHop("tls", "bad.example.com", None)
SWITCH = Peer(
    "vos", "softswitch", US, next_hops=(OWN,), tell=Tell(next_hops={"failed": (BAD, OWN), "none": (BAD,)})
)
CARRIER = Peer("carrier", "carrier", US, addresses=(ip_network("192.0.2.9"),), next_hops=(OWN,))


def test_every_failure_has_a_class_and_no_class_is_empty() -> None:
    classes = {reason: class_of(reason) for reason in Reason}
    assert [reason for reason, found in classes.items() if found is None] == [Reason.PASSED]
    assert set(classes.values()) == {None, *REASON_CLASSES}


@pytest.mark.parametrize(
    ("reason", "found"),
    [
        (Reason.NO_IDENTITY, "unsigned"),
        (Reason.PPT_UNSUPPORTED, "unsigned"),
        (Reason.CALLER_ANONYMOUS, "anonymous"),
        (Reason.IAT_IN_FUTURE, "stale"),
        (Reason.X5U_REFUSED, "unreachable"),
        (Reason.CERTIFICATE_REVOKED, "untrusted"),
        (Reason.SIGNATURE_INVALID, "invalid"),
        (Reason.REPLAYED, "replayed"),
    ],
)
def test_the_class_of_a_reason(reason: Reason, found: str) -> None:
    assert class_of(reason) == found


def test_a_token_that_failed_is_never_told_by_its_level() -> None:
    told = {result_of(reason, None) for reason in Reason}
    assert told == {"failed", "none"}
    assert result_of(Reason.PASSED, "B") == "B"


@pytest.mark.parametrize("node", ["tag", "continue", "reject"])
def test_a_class_has_its_own_action_then_the_carrier_s_then_the_node_s(node: Action) -> None:
    said = Verification(stale="reject").under(InboundRules(node)).actions
    assert said == {each: "reject" if each == "stale" else node for each in REASON_CLASSES}
    said = Verification(stale="reject", default="continue").under(InboundRules(node)).actions
    assert said == {each: "reject" if each == "stale" else "continue" for each in REASON_CLASSES}


@pytest.mark.parametrize(
    ("carrier", "node", "demanded"),
    [(None, False, False), (None, True, True), (False, True, False), (True, False, True)],
)
def test_the_carrier_s_word_on_require_identity_counts_before_the_node_s(
    carrier: bool | None, node: bool, demanded: bool
) -> None:
    rules = InboundRules(require_identity=node)
    assert Verification(require_identity=carrier).under(rules).require_identity is demanded


def test_every_next_hop_is_known_once() -> None:
    assert SWITCH.every_next_hop == (OWN, BAD)
    assert CARRIER.every_next_hop == (OWN,)


def test_a_result_without_next_hops_of_its_own_takes_the_peer_s() -> None:
    hops = {result: SWITCH.hearing(result).next_hops for result in RESULT_CLASSES}
    assert hops == {"A": (OWN,), "B": (OWN,), "C": (OWN,), "failed": (BAD, OWN), "none": (BAD,)}
    assert SWITCH.hearing("A") is SWITCH


def test_a_snapshot_holds_what_a_call_asks_for() -> None:
    data = PolicyData(
        peers=(SWITCH, CARRIER),
        routes=(
            Route("", ("carrier",), "out"),
            Route("1404", ("vos",), "home"),
            Route("", ("vos",), "own", from_peer="carrier"),
        ),
    )
    snapshot = compile_snapshot(data, inbound=InboundRules("reject", True))
    assert set(snapshot.treatments) == {"carrier"}
    assert snapshot.treatments["carrier"].require_identity
    assert set(snapshot.treatments["carrier"].actions.values()) == {"reject"}
    assert snapshot.told_targets["home", "none"][0].next_hops == (BAD,)
    assert snapshot.told_targets["home", "A"] == snapshot.targets["home"]
    found = [snapshot.inbound_routes.find(name, "14045550123") for name in ("carrier", "another")]
    assert [route.name if route else None for route in found] == ["home", "home"]
    assert snapshot.inbound_routes.find("another", "12155550123") is None


def test_a_route_from_a_carrier_to_a_carrier_is_a_mistake() -> None:
    peers = (SWITCH, CARRIER, replace(CARRIER, name="other", addresses=()))
    routes = (Route("", ("vos", "other"), "through", from_peer="carrier"),)
    with pytest.raises(PolicyError) as caught:
        compile_snapshot(PolicyData(peers=peers, routes=routes))
    assert caught.value.errors == (
        "route 'through': calls of carrier 'carrier' go to softswitches, not to 'other'",
    )
