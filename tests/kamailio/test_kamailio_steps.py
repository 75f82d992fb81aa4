"""What Kamailio is told to do with an INVITE."""

from __future__ import annotations

import pytest

from gateway.kamailio.steps import Onward, as_utf8, dialled, onward, redirect, word
from gateway.policy.hops import NextHop
from gateway.policy.peers import PASS_HEADERS, Peer
from gateway.sip.attempt import Target
from gateway.sip.leg import OWN_HOST, Local, passing_of
from gateway.sip.message import Message, parse, write
from gateway.sip.plan import Plan
from gateway.sip.values import Hop
from gateway.stir.numberplan import NumberPlan

OURS = "192.0.2.1"
LOCAL = Local("udp", OURS, 5060)


def peer(*hops: str) -> Peer:
    return Peer(
        "carrier",
        "carrier",
        NumberPlan.of("US"),
        next_hops=tuple(map(NextHop.parse, hops)),
        try_next_after=1.5,
    )


def invite(*headers: str, to: str = f"<sip:+13035550123@{OURS}>") -> Message:
    lines = [
        "Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1",
        'From: "Acme" <sip:+12155550100@10.0.0.5>;tag=1',
        f"To: {to}",
        "Call-ID: 1",
        "CSeq: 1 INVITE",
        *headers,
    ]
    return parse(write(f"INVITE sip:+13035550123@{OURS} SIP/2.0", lines))


def steps(message: Message, *hops: str, headers: list[str] | None = None) -> Onward:
    plan = Plan(
        caller=f'"Acme" <sip:+12155550100@{OWN_HOST}>',
        callee="+13035550123",
        targets=[Target(peer(*hops or ("udp:192.0.2.9:5062",)), Hop("", "", 0), LOCAL)],
        headers=headers or [],
        passing=passing_of(PASS_HEADERS),
        probe=0,
        signature="sig",
    )
    return onward(message, plan, OURS)


def test_headers_off_the_peers_list_are_taken_away_and_those_of_sip_itself_stay() -> None:
    message = invite("X-Secret: 1", "User-Agent: VOS", "P-Asserted-Identity: <sip:1@x>", "Contact: <sip:x>")
    assert set(steps(message).remove) == {"x-secret", "user-agent"}


def test_a_way_that_the_caller_has_laid_out_is_taken_away() -> None:
    assert steps(invite("Route: <sip:elsewhere.example;lr>")).remove == ("route",)


def test_an_identity_that_came_in_is_taken_away_by_both_its_names() -> None:
    assert set(steps(invite("y: abc;info=<https://x>")).remove) == {"identity", "y"}


def test_from_shows_our_host_and_keeps_its_name() -> None:
    found = steps(invite())
    assert (found.display, found.sender) == ('"Acme"', f"sip:+12155550100@{OURS}")


def test_our_host_stands_wherever_a_header_of_ours_needs_it() -> None:
    assert steps(invite(), headers=[f"P-Asserted-Identity: <sip:1@{OWN_HOST}>"]).add == (
        f"P-Asserted-Identity: <sip:1@{OURS}>",
    )


def test_to_stays_where_it_names_us() -> None:
    assert steps(invite()).called == ""


def test_to_is_replaced_where_it_names_somebody_inside() -> None:
    assert steps(invite(to="<sip:+13035550123@10.0.0.5>")).called == f"sip:+13035550123@{OURS}"


def test_hops_come_in_the_order_of_the_peer_with_its_patience() -> None:
    found = steps(invite(), "udp:192.0.2.9:5062", "tls:carrier.example")
    assert [(hop.uri, hop.host, hop.patience, hop.peer) for hop in found.hops] == [
        ("sip:192.0.2.9:5062", "192.0.2.9:5062", 1500, "carrier"),
        ("sip:carrier.example;transport=tls", "carrier.example", 1500, "carrier"),
    ]


@pytest.mark.parametrize(
    ("hop", "uri"),
    [
        ("udp:192.0.2.9:5060", "sip:192.0.2.9:5060"),
        ("tcp:[2001:db8::1]:5070", "sip:[2001:db8::1]:5070;transport=tcp"),
        ("udp:carrier.example", "sip:carrier.example"),
    ],
)
def test_a_next_hop_is_dialled_as_kamailio_writes_it(hop: str, uri: str) -> None:
    assert dialled(NextHop.parse(hop)) == uri


def test_a_redirect_names_the_one_place_to_go_and_brings_the_signature() -> None:
    answer = redirect(steps(invite(), headers=["Identity: abc"]))
    assert (answer.code, answer.lines) == (
        302,
        ("Contact: <sip:+13035550123@192.0.2.9:5062>;q=1.00", "Identity: abc"),
    )


def test_a_redirect_to_several_places_says_which_is_best() -> None:
    answer = redirect(steps(invite(), "udp:192.0.2.9:5062", "udp:192.0.2.8:5062"))
    assert answer.code == 300
    assert [line.rpartition(";")[2] for line in answer.lines] == ["q=1.00", "q=0.99"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("plain", "plain"), ("M\xc3\xbcller", "Müller"), ("\xff", "\ufffd")],
    ids=["ascii", "utf-8", "nonsense"],
)
def test_text_of_messages_becomes_the_characters_it_means(text: str, meant: str) -> None:
    assert as_utf8(text) == meant


def test_a_name_of_several_words_becomes_one() -> None:
    assert word("Carrier 1; east") == "Carrier_1__east"
