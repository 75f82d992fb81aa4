"""What an INVITE says of its caller and callee, and what a decision makes of the call that goes out."""

from dataclasses import replace
from typing import Any

import pytest
from playbook import CARRIERS, OWN

from gateway.engine import Forward, OutboundCall, Parties
from gateway.policy.peers import CalleeSource, CallerSource, Peer
from gateway.sip.attempt import Target
from gateway.sip.leg import OWN_HOST
from gateway.sip.message import BadMessage, Message, parse, write
from gateway.sip.outbound import called_user, plan, read_call, user_of
from gateway.stir.tn import NumberPlan, TelephoneNumber, canonical

US = NumberPlan.of("US")
PEER = Peer("vos", "softswitch", US)
CARRIER = Peer("carrier", "carrier", US)


def invite(*headers: str, sender: str = '"+12025550111" <sip:+12025550123@192.0.2.1>;tag=1') -> Message:
    lines = ["Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", f"From: {sender}", "To: <sip:+12025550188@x>"]
    return parse(
        write("INVITE sip:+12025550199@b SIP/2.0", [*lines, "Call-ID: 1", "CSeq: 1 INVITE", *headers])
    )


PAI = 'P-Asserted-Identity: "a, b" <sip:+12025550177@x>, <tel:+12025550166>'
RPID = "Remote-Party-ID: <sip:+12025550155@x>;party=calling"


@pytest.mark.parametrize(
    ("caller_from", "caller"),
    [
        ("From", "sip:+12025550123@192.0.2.1"),
        ("P-Asserted-Identity", "sip:+12025550177@x"),
        ("Remote-Party-ID", "sip:+12025550155@x"),
        ("display", "+12025550111"),
    ],
)
def test_the_caller_is_read_where_the_peer_puts_it(caller_from: CallerSource, caller: str) -> None:
    assert read_call(invite(PAI, RPID), replace(PEER, caller_from=caller_from)).caller == caller


@pytest.mark.parametrize("caller_from", ["P-Asserted-Identity", "Remote-Party-ID", "display"])
def test_the_caller_is_from_where_the_peers_header_is_missing(caller_from: CallerSource) -> None:
    message = invite(sender="<sip:+12025550123@192.0.2.1>;tag=1")
    assert read_call(message, replace(PEER, caller_from=caller_from)).caller == "sip:+12025550123@192.0.2.1"


@pytest.mark.parametrize(
    ("callee_from", "callee"), [("Request-URI", "sip:+12025550199@b"), ("To", "sip:+12025550188@x")]
)
def test_the_callee_is_read_where_the_peer_puts_it(callee_from: CalleeSource, callee: str) -> None:
    assert read_call(invite(), replace(PEER, callee_from=callee_from)).callee == callee


def test_every_identity_is_seen_however_they_are_lined_up() -> None:
    call = read_call(invite("Identity: a..b;info=<x,y>, c", "y: d"), PEER)
    assert call.identity == ("a..b;info=<x,y>", "c", "d")


@pytest.mark.parametrize("line", ["Identity:", "Identity: ,", "y: , ,"])
def test_an_empty_identity_is_none(line: str) -> None:
    assert read_call(invite(line), PEER).identity == ()


@pytest.mark.parametrize("line", ["P-Asserted-Identity: no address", "P-Asserted-Identity: <sip:a@b"])
def test_an_unreadable_caller_is_a_bad_message(line: str) -> None:
    with pytest.raises(BadMessage):
        read_call(invite(line), replace(PEER, caller_from="P-Asserted-Identity"))


@pytest.mark.parametrize("address", ["sip:b", "sip:@b", "", "nothing"])
def test_an_address_without_a_user_has_no_callee(address: str) -> None:
    with pytest.raises(BadMessage):
        user_of(address)


@pytest.mark.parametrize(
    ("address", "user"),
    [
        ("sip:+12025550199@b;user=phone", "+12025550199"),
        ("sip:+12025550199;npdi;rn=1:pw@b", "+12025550199"),
        ("sip:911;rn=+12425550100@b", "911"),
        ("tel:+12025550199;npdi", "+12025550199"),
        ("sip:1 202 555\t0199@b", "12025550199"),
    ],
)
def test_the_callee_goes_out_without_parameters_that_could_lead_elsewhere(address: str, user: str) -> None:
    assert user_of(address) == user


def decision(identity: str | None, parties: Parties | None = None) -> Forward:
    return Forward(
        rule="attest.section:one",
        route="all",
        targets=(CARRIER,),
        caller=canonical("+12025550123", US),
        callee=canonical("+12025550199", US),
        parties=parties,
        account="1",
        reason="number-verified",
        attest="A",
        identity=identity,
        origid="o",
    )


NATIONAL = "2025550199"
SENT = {
    "as-dialled": (f"sip:{NATIONAL}@b", f"1{NATIONAL}", {}, NATIONAL),
    "as-dialled-in-escapes": (f"sip:%2B1{NATIONAL}@b", f"1{NATIONAL}", {}, f"%2B1{NATIONAL}"),
    "as-dialled-in-the-context-of-the-plan": (
        f"sip:{NATIONAL};phone-context=+1@b",
        f"1{NATIONAL}",
        {},
        NATIONAL,
    ),
    "with-what-a-portability-query-found": (
        f"sip:+1{NATIONAL};npdi;rn=+12125550000@b;user=phone",
        f"1{NATIONAL}",
        {},
        f"+1{NATIONAL};npdi;rn=+12125550000",
    ),
    "without-a-routing-number-of-another-country": (
        f"tel:+1{NATIONAL};npdi;rn=+12425550000;ext=5",
        f"1{NATIONAL}",
        {},
        f"+1{NATIONAL}",
    ),
    "without-a-routing-number-that-is-none": (
        f"sip:+1{NATIONAL};rn=12@b",
        f"1{NATIONAL}",
        {},
        f"+1{NATIONAL}",
    ),
    "without-a-routing-number-behind-an-emergency-number": (
        "sip:911;rn=+12125550000@b",
        "911",
        {"emergency": True},
        "911",
    ),
    "in-full-what-alone-is-another-number": (
        "tel:2425550100;phone-context=+44",
        "442425550100",
        {},
        "+442425550100",
    ),
    "in-full-what-alone-is-none": ("sip:5550100;phone-context=+1202@b", "12025550100", {}, "+12025550100"),
    "an-emergency-number-whatever-stands-behind-it": (
        "sip:911;phone-context=+12425550@b",
        "911",
        {"emergency": True},
        "911",
    ),
    "an-emergency-number-and-not-what-stands-behind-a-colon": (
        "911@x:12425550100@b",
        "911",
        {"emergency": True},
        "911",
    ),
    "an-emergency-number-that-would-be-another-with-a-country": (
        f"sip:{NATIONAL}@b",
        NATIONAL,
        {"emergency": True},
        NATIONAL,
    ),
    "as-a-transform-made-it": (
        "sip:9@b",
        f"1{NATIONAL}",
        {"callee_sent": f"001{NATIONAL}"},
        f"001{NATIONAL}",
    ),
}


@pytest.mark.parametrize(("dialled", "judged", "found", "sent"), SENT.values(), ids=SENT)
def test_the_number_that_goes_out_is_the_number_that_was_judged(
    dialled: str, judged: str, found: dict[str, Any], sent: str
) -> None:
    parties = Parties(None, "192.0.2.1", "", dialled, **found)
    decided = decision(None, parties)._replace(callee=TelephoneNumber(judged))
    assert called_user(OutboundCall(PEER, "", dialled), decided) == sent


def targets_of(peer: Peer) -> list[Target]:
    return [Target(peer, hop, OWN) for hop in CARRIERS]


def test_a_signed_call_carries_its_identity_and_date() -> None:
    call = OutboundCall(PEER, "sip:+12025550123@x", "sip:+12025550199@b")
    made = plan(invite("Date: theirs"), call, decision("signed"), 1_800_000_000.0, 600.0, targets_of)
    assert made.headers == ["Identity: signed", "Date: Fri, 15 Jan 2027 08:00:00 GMT"]
    assert (made.caller, made.callee) == (f'"+12025550111" <sip:+12025550123@{OWN_HOST}>', "+12025550199")
    assert [target.hop for target in made.targets] == list(CARRIERS)
    assert (made.facts["attest"], made.facts["caller"], made.facts["peer"]) == ("A", "12025550123", "vos")


def test_an_identity_already_there_goes_on_as_it_came_with_its_date() -> None:
    call = OutboundCall(PEER, "sip:+12025550123@x", "sip:+12025550199@b", ("one", "two"))
    made = plan(invite("Date: theirs"), call, decision(None), 0.0, 600.0, targets_of)
    assert made.headers == ["Identity: one", "Identity: two", "Date: theirs"]


def test_an_unsigned_call_carries_nothing_of_ours() -> None:
    call = OutboundCall(PEER, "sip:+12025550123@x", "sip:+12025550199@b")
    assert plan(invite(), call, decision(None), 0.0, 600.0, targets_of).headers == []


@pytest.mark.parametrize(
    ("received", "rewritten"),
    [
        ("P-Asserted-Identity: tel:+12025550123", "P-Asserted-Identity: <tel:0012025550123>"),
        ("P-Asserted-Identity: sip:+12025550123@x", "P-Asserted-Identity: <sip:0012025550123@x>"),
        (
            "Remote-Party-ID: sip:+12025550123@x;party=calling",
            "Remote-Party-ID: <sip:0012025550123@x>;party=calling",
        ),
        (
            "Remote-Party-ID: <sip:+12025550123@x;user=phone> ;privacy=full",
            "Remote-Party-ID: <sip:0012025550123@x;user=phone>;privacy=full",
        ),
    ],
)
def test_a_transformed_caller_is_written_anew_with_or_without_angle_brackets(
    received: str, rewritten: str
) -> None:
    call = OutboundCall(PEER, "sip:+12025550123@x", "sip:+12025550199@b")
    parties = Parties(None, "192.0.2.1", call.caller, call.callee, caller_sent="0012025550123")
    made = plan(invite(received), call, decision(None, parties), 0.0, 600.0, targets_of)
    assert made.headers == [rewritten]
