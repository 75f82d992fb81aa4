"""What a carrier's INVITE says, and what a decision makes of the INVITE that goes to the softswitch."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from playbook import CARRIERS, OWN

from gateway.engine import Deliver, InboundCall
from gateway.policy.inbound import ResultClass, Tell, Verification, result_of
from gateway.policy.peers import Peer
from gateway.sip.attempt import Target
from gateway.sip.inbound import facts, identities, plan, read_inbound, signalled_of
from gateway.sip.leg import OWN_HOST
from gateway.sip.message import BadMessage, Message, parse, write
from gateway.sip.plan import Plan
from gateway.sip.values import name_addr
from gateway.stir.reasons import Reason
from gateway.stir.tn import NumberPlan, TelephoneNumber
from gateway.stir.verdict import HeaderVerdict, Verdict

US = NumberPlan.of("US")
CARRIER = Peer("carrier", "carrier", US)
CALLER, OTHER = "12155550100", "13035550100"
FROM = '"Al" <sip:+12155550100@carrier.example;user=phone>;tag=1'
PAI = '"Al" <sip:+12155550100@carrier.example;user=phone>'


def invite(*headers: str, sender: str = FROM, to: str = "<sip:+14045550123@us>") -> Message:
    lines = ["Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", f"From: {sender}", f"To: {to}"]
    lines += ["Call-ID: 1", "CSeq: 1 INVITE", *headers]
    return parse(write("INVITE sip:+14045550123@us SIP/2.0", lines))


def header(reason: Reason, signature: str = "sig") -> HeaderVerdict:
    return HeaderVerdict(
        reason, attest="A", origid="origid", orig=CALLER, signature=signature, x5u="https://x", spc="616H"
    )


PASSED = Verdict(Reason.PASSED, (header(Reason.PASSED),))
FAILED = Verdict(Reason.SIGNATURE_INVALID, (header(Reason.SIGNATURE_INVALID),))
UNSIGNED = Verdict(Reason.NO_IDENTITY)
PLAINLY = Tell()


def decision(verdict: Verdict, tell: Tell, caller: str | None = CALLER, told: bool = True) -> Deliver:
    result: ResultClass | None = result_of(verdict.reason, verdict.attest) if told else None
    return Deliver(
        rule="rule",
        action="tag" if told else "continue",
        route="home",
        targets=(Peer("vos", "softswitch", US, tell=tell),),
        caller=TelephoneNumber(caller) if caller else None,
        callee=TelephoneNumber("14045550123"),
        verdict=verdict,
        result=result,
    )


def made(
    message: Message,
    verdict: Verdict = PASSED,
    tell: Tell = PLAINLY,
    peer: Peer = CARRIER,
    caller: str | None = CALLER,
    told: bool = True,
) -> Plan:
    call = read_inbound(message, peer)
    return plan(message, call, decision(verdict, tell, caller, told), 600.0, targets_of)


def targets_of(peer: Peer) -> list[Target]:
    return [Target(peer, hop, OWN) for hop in CARRIERS]


def sent(found: Plan, message: Message) -> list[str]:
    """Every header line that says who calls, as leg B's INVITE carries it."""
    return [f"From: {found.caller.replace(OWN_HOST, 'us')}", *found.headers, *found.passing.lines(message)]


# What is read

CALLERS = {
    "from": ((), FROM, "sip:+12155550100@carrier.example;user=phone"),
    "asserted": (("P-Asserted-Identity: <tel:+13035550100>",), FROM, "tel:+13035550100"),
    "asserted-is-no-number": (
        ("P-Asserted-Identity: <sip:alice@x>, <tel:+13035550100>",),
        FROM,
        "tel:+13035550100",
    ),
    "asserted-is-unreadable": (
        ("P-Asserted-Identity: <sip:+1303 5550100@x",),
        FROM,
        "sip:+12155550100@carrier.example;user=phone",
    ),
    "nothing-is-readable": (("P-Asserted-Identity: junk",), "<sip:+1 215@h>;tag=1", ""),
}


@pytest.mark.parametrize(("headers", "sender", "caller"), CALLERS.values(), ids=CALLERS)
def test_the_caller_is_who_is_asserted_else_from(headers: tuple[str, ...], sender: str, caller: str) -> None:
    assert read_inbound(invite(*headers, sender=sender), CARRIER).caller == caller


def test_the_callee_is_read_where_the_peer_puts_it() -> None:
    message = invite(to="<sip:+14045550199@us>")
    assert read_inbound(message, CARRIER).callee == "sip:+14045550123@us"
    assert read_inbound(message, replace(CARRIER, callee_from="To")).callee == "sip:+14045550199@us"


def test_an_unreadable_to_is_a_bad_message_where_the_callee_stands_in_it() -> None:
    with pytest.raises(BadMessage):
        read_inbound(invite(to="<sip:+1"), replace(CARRIER, callee_from="To"))


def test_every_address_takes_part_in_the_comparison() -> None:
    message = invite(
        "P-Asserted-Identity: <sip:+12155550100@x>, junk", "P-Asserted-Identity: <tel:+12155550100>"
    )
    found = signalled_of(message, CARRIER)
    assert (found.callers, found.to, found.target) == (frozenset({CALLER}), "14045550123", "14045550123")


@pytest.mark.parametrize(
    ("sender", "anonymous"),
    [
        ("<sip:anonymous@anonymous.invalid>;tag=1", True),
        ("<sip:h>;tag=1", True),
        ("<sip:a b@h>;tag=1", False),
    ],
)
def test_who_withholds_the_number_is_told_from_who_writes_it_badly(sender: str, anonymous: bool) -> None:
    found = signalled_of(invite(sender=sender), CARRIER)
    assert (found.callers, found.anonymous) == (frozenset(), anonymous)


def test_every_identity_is_judged_however_they_are_lined_up() -> None:
    assert identities(invite("Identity: a..b;info=<x,y>, c", "y: d")) == ["a..b;info=<x,y>", "c", "d"]


# What is told: verstat

PASSED_FROM = '"Al" <sip:+12155550100;verstat=TN-Validation-Passed@us;user=phone>'
UNTOLD_FROM = '"Al" <sip:+12155550100@us;user=phone>'
VERSTATS = {
    "passed": (PASSED, "TN-Validation-Passed"),
    "failed": (FAILED, "TN-Validation-Failed"),
    "unsigned": (UNSIGNED, "No-TN-Validation"),
}


@pytest.mark.parametrize(("verdict", "verstat"), VERSTATS.values(), ids=VERSTATS)
def test_verstat_stands_on_what_is_asserted_else_on_from(verdict: Verdict, verstat: str) -> None:
    told = f"sip:+12155550100;verstat={verstat}"
    assert sent(made(invite(), verdict), invite()) == [f'From: "Al" <{told}@us;user=phone>']
    message = invite(f"P-Asserted-Identity: {PAI}")
    assert sent(made(message, verdict), message) == [
        f"From: {UNTOLD_FROM}",
        f'P-Asserted-Identity: "Al" <{told}@carrier.example;user=phone>',
    ]


def test_what_passed_is_said_of_the_verified_number_alone() -> None:
    """An upstream that asserts a number it may use, and shows another one in From, gains nothing by it."""
    message = invite(f"P-Asserted-Identity: {PAI}", sender='"Bank" <sip:+13035550100@x>;tag=1')
    tell = Tell(display={"A": "[V] "}, number_prefix={"A": "7"})
    assert sent(made(message, tell=tell), message) == [
        'From: "Bank" <sip:+13035550100@us>',
        'P-Asserted-Identity: "[V] Al" <sip:712155550100;verstat=TN-Validation-Passed@carrier.example;user=phone>',
    ]


def test_verstat_stands_on_the_one_of_two_asserted_numbers_that_was_verified() -> None:
    message = invite("P-Asserted-Identity: <sip:+13035550100@x>, <tel:+12155550100>")
    assert made(message).headers == [
        "P-Asserted-Identity: <sip:+13035550100@x>",
        "P-Asserted-Identity: <tel:+12155550100;verstat=TN-Validation-Passed>",
    ]


def test_nothing_passed_is_said_where_the_verified_number_does_not_go_across() -> None:
    message = invite(f"P-Asserted-Identity: {PAI}", sender="<sip:+13035550100@x>;tag=1")
    found = made(message, peer=replace(CARRIER, pass_headers=()))
    assert sent(found, message) == ["From: <sip:+13035550100@us>"]


RECEIVED = {
    "in-the-user-part": "sip:+12155550100;verstat=TN-Validation-Passed@x;user=phone",
    "behind-the-host": "sip:+12155550100@x;user=phone;verstat=TN-Validation-Passed",
    "in-capitals": "sip:+12155550100;VERSTAT=TN-VALIDATION-PASSED@x;user=phone",
    "tel": "tel:+12155550100;verstat=TN-Validation-Passed",
}


@pytest.mark.parametrize("told", [True, False], ids=["tag", "continue"])
@pytest.mark.parametrize("verdict", [FAILED, UNSIGNED], ids=["failed", "unsigned"])
@pytest.mark.parametrize("uri", RECEIVED.values(), ids=RECEIVED)
def test_what_a_carrier_says_of_itself_does_not_go_across(uri: str, verdict: Verdict, told: bool) -> None:
    message = invite(
        f"P-Asserted-Identity: <{uri}>",
        f"Remote-Party-ID: <{uri}>;party=calling;verstat=TN-Validation-Passed",
        sender=f"<{uri}>;verstat=TN-Validation-Passed;tag=1",
    )
    lines = sent(made(message, verdict, told=told), message)
    assert "passed" not in "".join(lines).lower()
    assert "".join(lines).count("verstat=") == told


def test_a_later_message_of_the_call_says_nothing_of_itself_either() -> None:
    later = invite(f"P-Asserted-Identity: <{RECEIVED['tel']}>", "Privacy: id")
    assert made(invite()).passing.lines(later) == ["Privacy: id"]


TRUSTING = replace(CARRIER, verification=Verification(trust_verstat=True))
TRUSTED = {
    "nothing-of-ours": (UNSIGNED, True, "TN-Validation-Passed"),
    "unmarked": (UNSIGNED, False, "TN-Validation-Passed"),
    "ours-failed": (FAILED, True, "TN-Validation-Failed"),
}


@pytest.mark.parametrize(("verdict", "told", "verstat"), TRUSTED.values(), ids=TRUSTED)
def test_a_trusted_carrier_s_verstat_stands_where_there_is_none_of_ours(
    verdict: Verdict, told: bool, verstat: str
) -> None:
    message = invite(sender="<sip:+12155550100;verstat=TN-Validation-Passed@x;user=phone>;tag=1")
    found = made(message, verdict, peer=TRUSTING, told=told)
    assert sent(found, message) == [f"From: <sip:+12155550100;verstat={verstat}@us;user=phone>"]


def test_a_trusted_carrier_that_says_nothing_has_ours() -> None:
    found = made(invite(), UNSIGNED, peer=TRUSTING)
    assert "verstat=No-TN-Validation" in found.caller


def test_a_softswitch_that_wants_no_verstat_gets_none() -> None:
    message = invite(f"P-Asserted-Identity: <{RECEIVED['tel']}>")
    assert "verstat" not in "".join(sent(made(message, tell=Tell(verstat=False)), message))


# What is told: display name, number, Remote-Party-ID

MARKS = {
    "display": (Tell(verstat=False, display={"failed": "[?] "}), '"[?] Al" <sip:+12155550100@{};user=phone>'),
    "display-in-utf-8": (
        Tell(verstat=False, display={"failed": "\u2717 "}),
        '"\xe2\x9c\x97 Al" <sip:+12155550100@{};user=phone>',
    ),
    "display-with-quote": (
        Tell(verstat=False, display={"failed": '"?\\ '}),
        '"\\"?\\\\ Al" <sip:+12155550100@{};user=phone>',
    ),
    "number": (
        Tell(verstat=False, number_prefix={"failed": "999"}),
        '"Al" <sip:99912155550100@{};user=phone>',
    ),
    "another-result": (Tell(verstat=False, display={"A": "[V] "}), '"Al" <sip:+12155550100@{};user=phone>'),
}


@pytest.mark.parametrize(("tell", "shown"), MARKS.values(), ids=MARKS)
def test_a_result_is_marked_on_every_address_of_the_caller(tell: Tell, shown: str) -> None:
    message = invite(f"P-Asserted-Identity: {PAI}", 'Remote-Party-ID: "Al" <sip:+12155550100@r;user=phone>')
    assert sent(made(message, FAILED, tell), message) == [
        f"From: {shown.format('us')}",
        f"P-Asserted-Identity: {shown.format('carrier.example')}",
        f"Remote-Party-ID: {shown.format('r')}",
    ]


def test_a_call_that_is_not_told_of_goes_on_unmarked() -> None:
    tell = Tell(remote_party_id=True, display={"failed": "[?] "}, number_prefix={"failed": "999"})
    assert sent(made(invite(), FAILED, tell, told=False), invite()) == [f"From: {UNTOLD_FROM}"]


REMOTE_PARTIES = {
    "added": ((), PASSED, "yes;privacy=off"),
    "failed": ((), FAILED, "no;privacy=off"),
    "rewritten": (
        ("Remote-Party-ID: <sip:+13035550100@x>;screen=yes;privacy=off",),
        FAILED,
        "no;privacy=off",
    ),
    "private": (("Privacy: user;id",), PASSED, "yes;privacy=full"),
    "not-private": (("Privacy: none",), PASSED, "yes;privacy=off"),
    "was-private": (("Remote-Party-ID: <sip:+12155550100@x>;privacy=Full",), PASSED, "yes;privacy=full"),
}


@pytest.mark.parametrize(("headers", "verdict", "said"), REMOTE_PARTIES.values(), ids=REMOTE_PARTIES)
def test_a_remote_party_id_of_ours_takes_the_place_of_any_other(
    headers: tuple[str, ...], verdict: Verdict, said: str
) -> None:
    found = made(invite(*headers), verdict, Tell(verstat=False, remote_party_id=True))
    uri = f"sip:+12155550100;verstat={verdict.verstat}@carrier.example;user=phone"
    assert found.headers == [f'Remote-Party-ID: "Al" <{uri}>;party=calling;screen={said}']


def test_another_party_s_remote_party_id_goes_on_as_it_came() -> None:
    line = "Remote-Party-ID: <sip:+14045550123@x>;party=called;screen=no"
    found = made(invite(line, "Remote-Party-ID: junk"), FAILED, Tell(number_prefix={"failed": "999"}))
    assert found.headers == [line]


# What goes along, and what does not


def test_identity_and_date_end_here() -> None:
    message = invite("Identity: a.b.c;info=<https://x>", "Date: Fri, 15 Jan 2027 08:00:00 GMT", "Privacy: id")
    peer = replace(CARRIER, pass_headers=("*",))
    names = [line.partition(":")[0] for line in sent(made(message, peer=peer), message)]
    assert names == ["From", "Privacy"]


def test_what_cannot_be_read_is_left_out() -> None:
    message = invite(
        "P-Asserted-Identity: <sip:+1 2 3@x>, <mailto:a@b>",
        "Remote-Party-ID: <junk",
        sender="<sip:a b@x>;tag=1",
    )
    assert sent(made(message, UNSIGNED, caller=None), message) == [
        "From: <sip:anonymous;verstat=No-TN-Validation@anonymous.invalid>"
    ]


def test_a_plan_goes_where_the_decision_says_and_tells_upstream() -> None:
    found = made(invite(), FAILED)
    assert (found.callee, found.probe) == ("+14045550123", 600.0)
    assert [target.hop for target in found.targets] == list(CARRIERS)
    assert found.upstream == ['Reason: STIR ;cause=438 ;text="Invalid Identity Header" ;ppi="..sig"']
    assert made(invite(), FAILED, told=False).upstream == []


def test_the_log_is_told_what_was_decided_and_why() -> None:
    assert made(invite(), FAILED).facts == {
        "direction": "inbound",
        "peer": "carrier",
        "caller": CALLER,
        "callee": "14045550123",
        "rule": "rule",
        "action": "tag",
        "route": "home",
        "reason": "signature-invalid",
        "verstat": "TN-Validation-Failed",
        "fault": "signer",
        "x5u": "https://x",
        "spc": "616H",
    }


def test_a_stranger_cannot_fill_the_log() -> None:
    said = facts(
        Verdict(
            Reason.PPT_UNSUPPORTED,
            (HeaderVerdict(Reason.PPT_UNSUPPORTED, detail="d" * 9999, x5u="u" * 9999),),
        )
    )
    assert len(said["detail"]) + len(said["x5u"]) == 400


# Whatever a header holds

JUNK = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)
ADDRESSES = st.one_of(
    JUNK,
    st.builds(
        "{}<{}:{}@{}>{}".format,
        JUNK,
        st.sampled_from(["sip", "SIPS", "tel"]),
        st.one_of(JUNK, st.sampled_from(["+12155550100", "+12155550100;verstat=x", "anonymous"])),
        st.one_of(JUNK, st.sampled_from(["h", "h;VerStat=TN-Validation-Passed", "h:5060;user=phone"])),
        JUNK,
    ),
)
TELL = Tell(remote_party_id=True, display={"A": "[V] ", "failed": '"?\\'}, number_prefix={"failed": "999"})


@given(ADDRESSES, ADDRESSES, ADDRESSES, st.sampled_from([PASSED, FAILED, UNSIGNED]), st.booleans())
def test_whatever_comes_what_goes_out_can_be_read_and_says_one_thing(
    sender: str, asserted: str, remote: str, verdict: Verdict, rpid: bool
) -> None:
    assume(sender.strip(" \t"))
    message = invite(f"P-Asserted-Identity: {asserted}", f"Remote-Party-ID: {remote}", sender=sender)
    call = read_inbound(message, CARRIER)
    callers = signalled_of(message, CARRIER).callers
    caller = CALLER if verdict.passed else next(iter(sorted(callers)), None)
    found = made(message, verdict, replace(TELL, remote_party_id=rpid), caller=caller)
    parse(
        write(
            "INVITE sip:a@b SIP/2.0",
            ["Via: x", "To: x", "Call-ID: 1", "CSeq: 1 INVITE", *sent(found, message)],
        )
    )
    uris = [name_addr(line.partition(": ")[2]).uri for line in sent(found, message)]
    told = [uri.lower().count("verstat") for uri in uris]
    assert isinstance(call, InboundCall)
    assert max(told) <= 1
    own = [line.startswith("Remote-Party-ID") for line in sent(found, message)]
    shown = callers | signalled_of(invite(sender=sender), CARRIER).callers
    expected = 0 if verdict.passed and CALLER not in shown else 1
    assert sum(number for number, is_rpid in zip(told, own, strict=True) if not is_rpid) == expected
