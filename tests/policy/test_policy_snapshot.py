"""A policy compiles as a whole, or every reason why it does not is told at once."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from gateway.policy.accounts import Account
from gateway.policy.hops import NextHop
from gateway.policy.peers import Peer
from gateway.policy.routes import Route
from gateway.policy.sections import NumberSection
from gateway.policy.snapshot import PolicyData, PolicyError, SigningRules, compile_snapshot
from gateway.stir.tn import NumberPlan

US = NumberPlan.of("US")
ACME = Account("acme", "Acme")
SWITCH = Peer("switch", "softswitch", US, addresses=(ip_network("192.0.2.1"),), account="acme")
CARRIER = Peer("carrier", "carrier", US, next_hops=(NextHop("udp", "192.0.2.9", 5060),))
SECTION = NumberSection("12155550100", "12155550199", "acme", "first")
ROUTE = Route("", ("carrier",), "default")


def data(
    accounts: tuple[Account, ...] = (ACME,),
    sections: tuple[NumberSection, ...] = (SECTION,),
    peers: tuple[Peer, ...] = (SWITCH, CARRIER),
    routes: tuple[Route, ...] = (ROUTE,),
) -> PolicyData:
    return PolicyData(accounts, sections, peers, routes, revision="r1")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (data(accounts=(ACME, ACME)), "account 'acme' is written 2 times"),
        (data(accounts=(), sections=()), "peer 'switch': account 'acme' does not exist"),
        (data(accounts=(), peers=(CARRIER,)), "number-section 'first': account 'acme' does not exist"),
        (data(peers=(SWITCH, CARRIER, CARRIER)), "peer 'carrier' is written 2 times"),
        (
            data(peers=(SWITCH, CARRIER, Peer("twin", "carrier", US, addresses=SWITCH.addresses))),
            "peer 'twin': address 192.0.2.1/32 already belongs to peer 'switch'",
        ),
        (
            data(sections=(SECTION, NumberSection("12155550199", "12155550299", "acme", "second"))),
            "number-section 'second' (12155550199-12155550299) overlaps 'first' (12155550100-12155550199)",
        ),
        (data(sections=(SECTION, SECTION)), "number-section 'first' is written 2 times"),
        (data(routes=(Route("", ("nobody",), "default"),)), "route 'default': peer 'nobody' does not exist"),
        (
            data(routes=(Route("", ("switch",), "default"),)),
            "route 'default': peer 'switch' has no next_hops",
        ),
        (
            data(routes=(Route("", ("carrier",), "default", from_peer="nobody"),)),
            "route 'default': from_peer 'nobody' does not exist",
        ),
        (
            data(routes=(ROUTE, Route("", ("carrier",), "other"))),
            "2 routes have the prefix '' for the same calls",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_policy_is_refused(wrong: PolicyData, error: str) -> None:
    with pytest.raises(PolicyError) as caught:
        compile_snapshot(wrong)
    assert error in caught.value.errors


def test_what_was_compiled_before_is_in_the_next_one_as_it_is() -> None:
    before = compile_snapshot(data())
    kept = {"accounts": before.accounts, "sections": before.sections}
    after = compile_snapshot(replace(data(accounts=(), sections=()), revision="r2", kept=kept))
    assert after.revision == "r2"
    assert after.accounts is before.accounts  # which a peer of today may name
    assert after.sections is before.sections


def test_all_errors_are_told_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        compile_snapshot(data(accounts=(), routes=(Route("", ("nobody", "switch"), "default"),)))
    assert len(caught.value.errors) == 4


def test_a_good_policy_can_be_asked() -> None:
    snapshot = compile_snapshot(data(), SigningRules("refuse"))
    assert snapshot.revision == "r1"
    assert snapshot.signing.unmatched == "refuse"
    assert snapshot.peers.find("192.0.2.1") is SWITCH
    assert snapshot.accounts["acme"] is ACME
    assert snapshot.sections.find("12155550150") == SECTION
    assert snapshot.routes.find("switch", "12155550150") is ROUTE
    assert snapshot.targets["default"] == (CARRIER,)


def test_an_empty_policy_knows_nobody() -> None:
    assert compile_snapshot(PolicyData()).peers.find("192.0.2.1") is None
