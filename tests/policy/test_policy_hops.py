"""A next hop is read whole, or refused with what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.hops import NextHop


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not transport:host"),
        ("192.0.2.1:5060", "not transport:host"),
        ("sctp:192.0.2.1:5060", "'sctp' is not udp, tcp or tls"),
        ("UDP:192.0.2.1", "not transport:host"),
        ("udp:", "not transport:host"),
        ("udp:2001:db8::1", "not transport:host"),
        ("udp:[2001:db8::zz]:5060", "not an IPv6 address"),
        ("udp:300.0.2.1:5060", "not an IPv4 address"),
        ("udp:192.0.2.1:0", "port 0"),
        ("udp:192.0.2.1:65536", "port 65536"),
        ("udp:192.0.2.1:5060 ", "not transport:host"),
        ("udp:-bad.example", "neither an address nor a DNS name"),
        ("udp:carrier..example", "neither an address nor a DNS name"),
        ("udp:a b", "neither an address nor a DNS name"),
    ],
)
def test_refuses_what_is_no_endpoint(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        NextHop.parse(text)


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("udp:192.0.2.1:5060", NextHop("udp", "192.0.2.1", 5060)),
        ("tls:[2001:DB8::1]:5061", NextHop("tls", "2001:db8::1", 5061)),
        ("tcp:[::1]", NextHop("tcp", "::1", None)),
        ("udp:Carrier.Example", NextHop("udp", "carrier.example", None)),
        ("udp:carrier.example.", NextHop("udp", "carrier.example", None)),
        ("udp:sip_1.carrier.example:5080", NextHop("udp", "sip_1.carrier.example", 5080)),
    ],
)
def test_reads_an_endpoint(text: str, hop: NextHop) -> None:
    assert NextHop.parse(text) == hop


def test_is_written_as_it_is_read() -> None:
    for text in ("udp:192.0.2.1:5060", "tls:[2001:db8::1]:5061", "udp:carrier.example"):
        assert str(NextHop.parse(text)) == text


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    try:
        hop = NextHop.parse(text)
    except ValueError as error:
        assert str(error)
    else:
        assert NextHop.parse(str(hop)) == hop
