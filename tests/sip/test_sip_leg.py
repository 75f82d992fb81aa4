"""What one leg shows the outside: which headers pass, how we name ourselves, where its next request goes."""

import pytest
from playbook import CALLER, OWN

from gateway.sip.invited import leg_of_caller
from gateway.sip.leg import (
    OWN_HOST,
    Leg,
    Local,
    Passing,
    address_of,
    date,
    own_address,
    response,
    without_parameters,
)
from gateway.sip.message import BadMessage, Message, parse, write
from gateway.sip.received import Received
from gateway.sip.values import Hop

HEADERS = [
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
    "From: <sip:+12025550123@192.0.2.1>;tag=1",
    "To: <sip:+12025550199@192.0.2.250>",
    "Call-ID: 1",
    "CSeq: 7 INVITE",
]


def invite(*headers: str) -> Message:
    return parse(write("INVITE sip:a@b SIP/2.0", [*HEADERS, *headers]))


def leg(**changes: object) -> Leg:
    made = Leg(
        "b", "token", OWN, Hop("udp", "198.51.100.1", 5060), "call", "<sip:us@x>", "ours", "<sip:them@y>"
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


# Which headers pass


@pytest.mark.parametrize(
    "line",
    [
        *(
            "User-Agent: VOS3000",
            "Server: x",
            "Identity: forged",
            "Date: today",
            "Via: SIP/2.0/UDP inside",
            "RAck: 1 1 INVITE",
        ),
        *(
            "Proxy-Authorization: secret",
            "Authorization: secret",
            "Record-Route: <sip:x>",
            "Route: <sip:x>",
            "X-Else: 1",
        ),
        *(
            "Max-Forwards: 1",
            "Contact: <sip:x@y>",
            "Allow: REFER",
            "Supported: path",
            "Require: precondition",
        ),
    ],
)
@pytest.mark.parametrize("own", [(), ("P-Asserted-Identity", "X-Key-*")], ids=["none", "some"])
def test_what_nobody_asked_for_does_not_pass(line: str, own: tuple[str, ...]) -> None:
    name = line.partition(":")[0].lower()
    message = invite()
    message.headers.append((name, line.partition(": ")[2]))
    message.first.setdefault(name, line.partition(": ")[2])
    assert Passing(own).lines(message) == []


@pytest.mark.parametrize(
    "name", ["Via", "From", "Identity", "Record-Route", "Max-Forwards", "Content-Length", "RAck"]
)
def test_what_this_hop_writes_itself_passes_on_nobodys_list(name: str) -> None:
    message = invite()
    message.headers.append((name.lower(), "x"))
    assert Passing((name, "*")).lines(message) == []


@pytest.mark.parametrize("own", [("Privacy", "X-Key"), ("Privacy", "*")])
def test_a_header_that_is_written_anew_never_goes_across(own: tuple[str, ...]) -> None:
    message = invite("Privacy: id", "X-Key: 1")
    passing = Passing(own, frozenset({"privacy"}))
    assert passing.lines(message) == ["X-Key: 1"]
    assert (passing.takes("privacy"), passing.takes("x-key")) == (False, True)
    assert Passing(own).takes("privacy")


def test_what_both_ends_share_passes_and_what_the_peer_lists() -> None:
    message = invite(
        "Content-Type: application/sdp", "min-se: 90", "RSeq: 1", "X-Key-One: 1", "x-key-two: 2", "X-Other: 3", "Privacy: id"
    )  # fmt: skip
    assert Passing(("privacy", "X-Key-*")).lines(message) == [
        "Content-Type: application/sdp", "Min-SE: 90", "RSeq: 1", "X-Key-One: 1", "X-Key-Two: 2", "Privacy: id",
    ]  # fmt: skip


def test_only_the_extensions_a_relay_leaves_intact_are_offered() -> None:
    message = invite("Supported: path, TIMER", "k: 100rel, gruu", "Require: 100rel")
    assert Passing(()).lines(message) == ["Supported: timer, 100rel", "Require: 100rel"]


# How we name the caller


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('"A" <sip:+12025550123@10.0.0.1:5070;x=1>;tag=1', f'"A" <sip:+12025550123@{OWN_HOST}>'),
        ("sip:+12025550123@10.0.0.1;tag=1", f"<sip:+12025550123@{OWN_HOST}>"),
        ("<sip:+12025550123:secret@10.0.0.1>;tag=1", f"<sip:+12025550123@{OWN_HOST}>"),
        ("<sip:+12025550123@10.0.0.1;user=phone>;tag=1", f"<sip:+12025550123@{OWN_HOST};user=phone>"),
        ("<tel:+12025550123;phone-context=x>;tag=1", f"<sip:+12025550123@{OWN_HOST};user=phone>"),
        ("<sip:10.0.0.1>;tag=1", f"<sip:anonymous@{OWN_HOST}>"),
        ('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', '"Anonymous" <sip:anonymous@anonymous.invalid>'),
        ('"x;tag=2" <sip:1@h>;tag=1', f'"x;tag=2" <sip:1@{OWN_HOST}>'),
    ],
    ids=["host", "bare", "password", "phone", "tel", "no-user", "anonymous", "tag-in-display"],
)  # fmt: skip
def test_the_caller_keeps_name_and_number_and_gets_our_host(value: str, shown: str) -> None:
    assert own_address(value) == shown


def test_what_is_no_address_has_no_name() -> None:
    with pytest.raises(BadMessage):
        own_address("nobody at all")


def test_parameters_behind_the_uri_go() -> None:
    assert without_parameters('"a;b" <sip:c;d@e>;tag=1;x=2') == '"a;b" <sip:c;d@e>'
    assert without_parameters("<sip:c@e>") == "<sip:c@e>"


def test_an_address_at_a_hop_names_its_port_only_where_needed() -> None:
    assert address_of("1", Hop("udp", "192.0.2.9", 5060)) == "sip:1@192.0.2.9"
    assert address_of("1", Hop("tls", "2001:db8::9", 5061)) == "sip:1@[2001:db8::9]:5061"


def test_our_contact_says_its_transport_unless_it_is_udp() -> None:
    assert Local("udp", "192.0.2.1", 5060).contact("t") == "<sip:t@192.0.2.1:5060>"
    assert Local("tls", "[2001:db8::1]", 5061).contact("t") == "<sip:t@[2001:db8::1]:5061;transport=tls>"


def test_a_date_is_as_the_standard_writes_it() -> None:
    assert date(1_800_000_000.9) == "Date: Fri, 15 Jan 2027 08:00:00 GMT"


# Where requests go


@pytest.mark.parametrize(
    "contact",
    [
        *("*", "<tel:+1>", "<sip:>", "nonsense here", "<sip:a@b:99999>", "<sip:a b@c>"),
        *("<http://x>", "<sip:a@b;transport=sctp>", "", "<>", "<sip:a@b"),
    ],
)
@pytest.mark.parametrize("routes", [(), ("<sip:198.51.100.2;lr>",)], ids=["direct", "routed"])
def test_a_contact_that_leads_nowhere_changes_nothing(contact: str, routes: tuple[str, ...]) -> None:
    made = leg(target="sip:before@y", routes=routes)
    before = made.hop
    made.refresh(invite(f"Contact: {contact}"))
    assert (made.target, made.hop) == ("sip:before@y", before)


def test_without_a_route_requests_go_to_the_contact() -> None:
    made = leg()
    made.learn(invite('Contact: "x" <sip:c@198.51.100.7:5070;transport=tcp>;expires=9'), reverse=True)
    assert made.target == "sip:c@198.51.100.7:5070;transport=tcp"
    assert made.hop[:3] == ("tcp", "198.51.100.7", 5070)


def test_with_routes_requests_go_along_them_each_side_in_its_order() -> None:
    """RFC 3261 §12.1.1, §12.1.2."""
    message = invite(
        "Record-Route: <sip:r1;lr>, <sip:r2;lr>", "Record-Route: <sip:r3;lr>", "Contact: <sip:c@d>"
    )
    called, calling = leg(), leg()
    called.learn(message, reverse=True)
    calling.learn(message, reverse=False)
    assert calling.routes == ("<sip:r1;lr>", "<sip:r2;lr>", "<sip:r3;lr>")
    assert called.routes == calling.routes[::-1]
    assert (called.hop.host, calling.hop.host, called.target) == ("r3", "r1", "sip:c@d")
    request = parse(called.request("INFO", "r1"))
    assert request.all("route") == list(called.routes)
    assert request.uri == "sip:c@d"


def test_each_request_of_a_dialog_has_the_next_number() -> None:
    made = leg(target="sip:c@d", remote_tag="theirs")
    first, second, again = (parse(made.request("INFO", "k", cseq=cseq)) for cseq in (0, 0, 1))
    assert [each.cseq for each in (first, second, again)] == [1, 2, 1]
    assert first.get("from") == "<sip:us@x>;tag=ours"
    assert first.get("to") == "<sip:them@y>;tag=theirs"
    assert first.get("via") == "SIP/2.0/UDP 192.0.2.250:5060;branch=z9hG4bKtoken.k;rport"


def received(message: Message) -> Received:
    return Received(message, message.all("via"), "z9hG4bK1", CALLER)


def test_the_callers_leg_is_its_dialog_seen_from_here() -> None:
    made = leg_of_caller("token", received(invite("Contact: <sip:vos@192.0.2.1:5070>")), OWN)
    assert (made.local, made.remote, made.remote_tag) == (
        "<sip:+12025550199@192.0.2.250>", "<sip:+12025550123@192.0.2.1>", "1",
    )  # fmt: skip
    assert (made.target, made.hop.port, made.remote_cseq) == ("sip:vos@192.0.2.1:5070", 5070, 7)


@pytest.mark.parametrize("contact", ["*", "<tel:+1>", "nonsense here"])
def test_a_caller_nobody_could_call_back_has_no_leg(contact: str) -> None:
    with pytest.raises(BadMessage) as error:
        leg_of_caller("token", received(invite(f"Contact: {contact}")), OWN)
    assert error.value.reason == "bad-contact"


@pytest.mark.parametrize(
    ("to", "answered"),
    [("<sip:a@b>", "<sip:a@b>;tag=t"), ("<sip:a@b>;tag=theirs", "<sip:a@b>;tag=theirs")],
    ids=["no-tag", "tag"],
)
def test_an_answer_has_the_requests_names_and_one_tag(to: str, answered: str) -> None:
    request = invite()
    request.first["to"] = to
    found = parse(response(request, ["SIP/2.0/UDP one", "SIP/2.0/UDP two"], 486, "Busy", "t", ["X: y"], b"z"))
    assert found.all("via") == ["SIP/2.0/UDP one", "SIP/2.0/UDP two"]
    assert (found.status, found.phrase, found.get("to"), found.body) == (486, "Busy", answered, b"z")
    assert (found.get("from"), found.get("call-id"), found.get("cseq")) == (
        request.get("from"), "1", "7 INVITE",
    )  # fmt: skip
