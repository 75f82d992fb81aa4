"""Header values: addresses, URIs, Via, lists. What is not one is refused; no value takes long to read."""

from collections.abc import Callable
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip import values
from gateway.sip.message import BadMessage
from gateway.sip.values import (
    Hop,
    Via,
    hop_of,
    name_addr,
    options,
    quoted,
    response_hop,
    split_list,
    stamped,
    tag_of,
    uri,
    via,
)

UDP = Hop("udp", "192.0.2.1", 40_000, 0, 3)
TCP = Hop("tcp", "192.0.2.1", 40_000, 7, 1)


@pytest.mark.parametrize(
    "value", ["", " ", "<>", "a b", '"x" sip:a@b', "<sip:a@b", "sip:a@b>", 'x"<sip:a@b>']
)
def test_what_is_no_address_is_refused(value: str) -> None:
    with pytest.raises(BadMessage):
        name_addr(value)


@pytest.mark.parametrize(
    ("value", "display", "address", "parameters"),
    [
        ("<sip:a@b>", "", "sip:a@b", ""),
        ("sip:a@b;tag=1", "", "sip:a@b", ";tag=1"),
        ("<sip:a@b;x=1>;tag=1", "", "sip:a@b;x=1", ";tag=1"),
        ('"A <b>, \\"c\\"" <sip:a@b> ;tag=1', '"A <b>, \\"c\\""', "sip:a@b", ";tag=1"),
        ("Two Words<sip:a@b>", "Two Words", "sip:a@b", ""),
        ("< sip:a@b >", "", "sip:a@b", ""),
        ("tel:+12025550123;phone-context=x", "", "tel:+12025550123", ";phone-context=x"),
    ],
)
def test_an_address_is_its_display_uri_and_parameters(
    value: str, display: str, address: str, parameters: str
) -> None:
    assert name_addr(value) == (display, address, parameters)


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("<sip:a@b>", ""),
        ("<sip:a@b;tag=inside>", ""),
        ('"x;tag=display" <sip:a@b>;tag=1', "1"),
        ("<sip:a@b> ; TAG = 1 ;x=y", "1"),
        ("sip:a@b;tag=1", "1"),
        ("<sip:a@b>;x=tag;tag=2", "2"),
    ],
)
def test_a_tag_stands_behind_the_uri(value: str, tag: str) -> None:
    assert tag_of(value) == tag


@pytest.mark.parametrize(
    "text",
    [
        *("", "sip:", "a@b", "tel:+12025550123", "sip:a@", "sip:a@b:", "sip:a@b:99999", "sip:a@b:123456"),
        *("sip:a@[::1", "sip:a@b c", "sip:a b@c", "sip:a@b>", "sip:a@b/c", "http://b", "sip:a@b\n"),
    ],
)
def test_what_is_no_sip_uri_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        uri(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("sip:b", ("sip", "", "b", 0, "")),
        ("SIPS:a@b:5062;transport=tcp?x=y", ("sips", "a", "b", 5062, ";transport=tcp?x=y")),
        ("sip:a;p=1:secret@b;lr", ("sip", "a;p=1:secret", "b", 0, ";lr")),
        ("sip:[2001:db8::1]:5060", ("sip", "", "2001:db8::1", 5060, "")),
    ],
)
def test_a_uri_is_split_for_routing(text: str, parts: tuple[str, ...]) -> None:
    assert tuple(uri(text)) == parts


@pytest.mark.parametrize("target", ["sip:a@b;transport=sctp", "tel:+1", "sip:a@b:70000", ""])
def test_a_target_that_leads_nowhere_is_refused(target: str) -> None:
    with pytest.raises(BadMessage):
        hop_of(target, UDP)


@pytest.mark.parametrize(
    ("target", "like", "hop"),
    [
        ("sip:a@h", UDP, Hop("udp", "h", 5060, 0, 3)),
        ("sip:a@h:5080", TCP, Hop("tcp", "h", 5080, 7, 1)),
        ("sip:a@h;transport=TCP", TCP, Hop("tcp", "h", 5060, 7, 1)),
        ("sip:a@h;transport=udp", TCP, Hop("udp", "h", 5060, 0, 0)),
        ("sips:a@h", TCP, Hop("tls", "h", 5061, 0, 0)),
        ("sips:a@h;transport=tcp", UDP, Hop("tls", "h", 5061, 0, 0)),
    ],
)
def test_a_target_is_reached_by_its_transport_or_as_before(target: str, like: Hop, hop: Hop) -> None:
    assert hop_of(target, like) == hop


@pytest.mark.parametrize(
    "value",
    ["", "SIP/2.0/UDP", "SIP/1.0/UDP h", "UDP h", "SIP/2.0/UDP [::1;x", "SIP/2.0/UDP h:99999", ";branch=1"],
)
def test_what_is_no_via_is_refused(value: str) -> None:
    with pytest.raises(BadMessage):
        via(value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("SIP/2.0/UDP h;branch=z9hG4bK1", Via("udp", "h", 0, "z9hG4bK1", False)),
        ("SIP / 2.0 / TCP  h : 5070 ; rport ; branch = x", Via("tcp", "h", 5070, "x", True)),
        ("SIP/2.0/TLS [2001:db8::1]:5061;rport;branch=x", Via("tls", "2001:db8::1", 5061, "x", True)),
        ("SIP/2.0/UDP a;branch=1,SIP/2.0/UDP b;rport;branch=2", Via("udp", "a", 0, "1", False)),
        ("SIP/2.0/UDP h;rport=5;branch=x", Via("udp", "h", 0, "x", False)),
        ('SIP/2.0/UDP h;x="a,b";branch=x', Via("udp", "h", 0, "x", False)),
        ("SIP/2.0/UDP h", Via("udp", "h", 0, "", False)),
    ],
)
def test_a_via_names_the_sender_and_the_transaction(value: str, found: Via) -> None:
    assert via(value) == found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("SIP/2.0/UDP h;branch=1", "SIP/2.0/UDP h;branch=1;received=192.0.2.1"),
        ("SIP/2.0/UDP h;rport;branch=1", "SIP/2.0/UDP h;rport=40000;branch=1;received=192.0.2.1"),
        ("SIP/2.0/UDP h;branch=1;rport", "SIP/2.0/UDP h;branch=1;rport=40000;received=192.0.2.1"),
        (
            "SIP/2.0/UDP a;b=1, SIP/2.0/UDP b;rport",
            "SIP/2.0/UDP a;b=1;received=192.0.2.1, SIP/2.0/UDP b;rport",
        ),
        ('SIP/2.0/UDP h;x="a,b";branch=1', 'SIP/2.0/UDP h;x="a,b";branch=1;received=192.0.2.1'),
    ],
    ids=["received", "rport", "rport-last", "only-the-topmost", "quoted-comma"],
)
def test_a_via_is_stamped_with_its_source(value: str, expected: str) -> None:
    assert stamped(value, UDP) == expected


@pytest.mark.parametrize(
    ("value", "source", "port"),
    [
        ("SIP/2.0/UDP h:5070;rport", UDP, 40_000),
        ("SIP/2.0/UDP h:5070", UDP, 5070),
        ("SIP/2.0/UDP h", UDP, 5060),
        ("SIP/2.0/TCP h:5070", TCP, 40_000),
    ],
    ids=["rport", "sent-by", "default", "stream"],
)
def test_responses_go_where_the_via_says(value: str, source: Hop, port: int) -> None:
    assert response_hop(via(value), source) == source._replace(port=port)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("a, b ,c", ["a", "b", "c"]),
        ("", [""]),
        ('"a,b" <sip:x>, <sip:y,z>;p="q,\\"r", s', ['"a,b" <sip:x>', '<sip:y,z>;p="q,\\"r"', "s"]),
        ('"a\\\\", b', ['"a\\\\"', "b"]),
        ('"open, b', ['"open, b']),
        ("a>, b", ["a>", "b"]),
        ("<a, b", ["<a, b"]),
    ],
)
def test_a_list_parts_only_at_its_own_commas(value: str, parts: list[str]) -> None:
    assert list(split_list(value)) == parts


QUOTED = st.text(st.sampled_from('a,<>;\\" '), max_size=8).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
ELEMENT = st.tuples(QUOTED, st.sampled_from(["<sip:a,b@c>", "<sip:a>;x=1", "x"])).map(" ".join)


@given(st.lists(ELEMENT, min_size=1, max_size=6))
def test_a_list_joined_is_the_list_again(elements: list[str]) -> None:
    assert list(split_list(" , ".join(elements))) == elements


def test_option_tags_are_lower_case_and_never_empty() -> None:
    assert options(["100rel, Timer", "", " ,x "]) == ["100rel", "timer", "x"]


READERS: list[Callable[[str], object]] = [
    name_addr,
    quoted,
    uri,
    via,
    tag_of,
    lambda text: list(split_list(text)),
    lambda text: stamped(text, UDP),
]


@given(st.text(st.characters(max_codepoint=255)))
def test_no_value_raises_anything_but_bad_message(text: str) -> None:
    for read in READERS:
        try:
            read(text)
        except BadMessage as error:
            assert error.reason


@pytest.mark.parametrize("reader", ["name_addr", "uri", "via", "tag_of"])
@pytest.mark.parametrize(
    "unit",
    ["\x0b", " ", '"', '\\"', ";", "; ", ";tag ", ";rport ", "<", "a", "sip:", "SIP/", ",", "@", '"\\'],
)
@pytest.mark.parametrize("head", ["", "SIP/2.0/UDP h", "sip:"])
def test_no_value_takes_long(reader: str, unit: str, head: str) -> None:
    value = head + unit * (60_000 // len(unit))
    began = process_time()
    try:
        getattr(values, reader)(value)
    except BadMessage as error:
        assert error.reason
    assert process_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("list.black:peer/vos/nuisance", '"list.black:peer/vos/nuisance"', id="plain"),
        pytest.param('a "b" \\c', '"a \\"b\\" \\\\c"', id="quotes-and-backslash-are-escaped"),
        pytest.param("a\r\nVia: x", '"aVia: x"', id="no-line-can-be-slipped-in"),
    ],
)
def test_text_becomes_a_quoted_string(text: str, value: str) -> None:
    assert quoted(text) == value
