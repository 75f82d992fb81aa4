"""Bad input: a clear refusal or silence, and the next call goes through as if nothing had been.

A message that is understood is answered 404, for its called number has no route: that tells it from one that is refused
as unreadable. After each message a whole call is placed.
"""

import random
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from .runner import everything_wrong, play
from .scenario import SCENARIOS, read_folder
from .sipp import wait_for
from .wire import CALLED, INVITE, SDP, SILENCE, Wire, heard_on, invite, options, tcp_wire, udp_wire
from .world import Gateway

pytestmark = pytest.mark.sip

TORTURE = Path(__file__).resolve().parents[1] / "vectors" / "sip" / "torture"
INDEX = tomllib.loads((TORTURE / "index.toml").read_text())
NORMAL_CALL = next(read_folder(SCENARIOS / "caller-hangs-up-ends-both-legs"))

UNDERSTOOD = {"404"}
UNREADABLE = {"400", SILENCE}
EITHER = UNDERSTOOD | UNREADABLE

MESSAGES: dict[str, tuple[bytes, set[str]]] = {
    # what looks strange and is sound
    "sound": (invite(), UNDERSTOOD),
    "folded-header": (invite(extra="Subject: one\r\n two\r\n\tthree\r\n"), UNDERSTOOD),
    "hundred-headers": (invite(extra="X-More: 1\r\n" * 100), UNDERSTOOD),
    "no-content-length": (invite(Content_Length=None), UNDERSTOOD),
    "content-length-smaller-than-the-datagram": (invite(body=SDP + "left over"), UNDERSTOOD),
    "route-to-somebody-else": (invite(extra="Route: <sip:192.0.2.66;lr>\r\n"), UNDERSTOOD),
    "no-max-forwards": (invite(Max_Forwards=None), EITHER),
    # cut off
    "empty": (b"", {SILENCE}),
    "line-ends-only": (b"\r\n\r\n", {SILENCE}),
    "one-letter": (b"I", UNREADABLE),
    "cut-in-the-start-line": (invite()[:20], UNREADABLE),
    "cut-in-a-header": (invite()[:200], UNREADABLE),
    "cut-before-the-empty-line": (invite().partition(b"\r\n\r\n")[0], UNREADABLE),
    "cut-in-the-body": (invite()[:-10], UNREADABLE),
    # not SIP
    "every-octet": (bytes(range(256)) * 8, UNREADABLE),
    "noise": (random.Random(4475).randbytes(1400), UNREADABLE),
    "http": (b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n", UNREADABLE),
    "null-octets-in-a-header": (invite(extra="X-Null: \0\0\0\r\n"), EITHER),
    "latin-1-in-a-display-name": (invite(From='"Bj\xf8rn" <sip:+12155550123@127.0.16.1>;tag=1'), EITHER),
    # start line
    "two-spaces": (invite(start=f"INVITE  {CALLED} SIP/2.0"), UNREADABLE),
    "no-version": (invite(start=f"INVITE {CALLED}"), UNREADABLE),
    "next-version": (invite(start=f"INVITE {CALLED} SIP/3.0"), UNREADABLE | {"505"}),
    "lower-case-method": (invite(start=f"invite {CALLED} SIP/2.0", CSeq="1 invite"), UNREADABLE | {"405", "501"}),
    "space-in-the-uri": (invite(start="INVITE sip:+1808 5550123@127.0.0.2 SIP/2.0"), UNREADABLE),
    "uri-of-8-kB": (invite(start=f"INVITE sip:{'8' * 8192}@127.0.0.2 SIP/2.0"), UNREADABLE | {"414", "484"}),
    "tel-with-letters": (invite(start="INVITE tel:nobody SIP/2.0"), UNREADABLE | {"416", "484"}),
    # headers
    "no-via": (invite(Via=None), UNREADABLE),
    "no-from": (invite(From=None), UNREADABLE),
    "no-to": (invite(To=None), UNREADABLE),
    "no-call-id": (invite(Call_ID=None), UNREADABLE),
    "no-cseq": (invite(CSeq=None), UNREADABLE),
    "no-tag-in-from": (invite(From="<sip:+12155550123@127.0.16.1>"), EITHER),
    "two-call-ids": (invite(extra="Call-ID: another\r\n"), UNREADABLE),
    "cseq-of-another-method": (invite(CSeq="1 BYE"), UNREADABLE),
    "cseq-too-large": (invite(CSeq="2147483648 INVITE"), UNREADABLE),
    "cseq-without-a-number": (invite(CSeq="INVITE"), UNREADABLE),
    "header-without-a-colon": (invite(extra="Nonsense\r\n"), UNREADABLE),
    "space-in-a-header-name": (invite(extra="Two Words: 1\r\n"), UNREADABLE),
    "max-forwards-in-words": (invite(Max_Forwards="many"), UNREADABLE),
    "content-length-negative": (invite(Content_Length="-1"), UNREADABLE),
    "content-length-in-words": (invite(Content_Length="some"), UNREADABLE),
    "content-length-too-large": (invite(Content_Length="9999"), UNREADABLE),
    "content-length-of-twenty-digits": (invite(Content_Length="9" * 20), UNREADABLE),
    "two-content-lengths": (invite(extra="Content-Length: 5\r\n"), UNREADABLE),
    "via-of-commas": (invite(Via="," * 5000), UNREADABLE),
    "contact-that-never-closes": (invite(Contact='"<sip:x'), EITHER),
    "five-hundred-headers": (invite(extra="X-More: 1\r\n" * 500), UNREADABLE),
    "five-hundred-vias": (invite(extra="Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n" * 500), UNREADABLE),
    # size
    "header-of-60-kB": (invite(extra=f"X-Long: {'x' * 60_000}\r\n"), EITHER | {"413", "513"}),
    "body-of-64-kB": (invite(body="x" * 65_000, Content_Length="65000"), EITHER | {"413", "513"}),
    # for calls that do not exist
    "response-to-nothing": (b"SIP/2.0 200 OK" + invite()[len(INVITE) :], {SILENCE}),
    "ack-of-nothing": (invite(start=f"ACK {CALLED} SIP/2.0", CSeq="1 ACK"), {SILENCE}),
    "invite-within-no-call": (invite(To=f"<{CALLED}>;tag=gone"), {"481"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def wire(gateway: Gateway) -> Iterator[Wire]:
    with udp_wire(gateway) as wire:
        yield wire


@pytest.fixture
def then_a_call_goes_through(gateway: Gateway, tmp_path: Path) -> Iterator[None]:
    yield
    played = play(NORMAL_CALL, gateway, tmp_path)
    assert not everything_wrong(NORMAL_CALL, played, gateway), played.ladder()


@pytest.mark.usefixtures("then_a_call_goes_through")
@pytest.mark.parametrize("name", MESSAGES)
def test_message(name: str, wire: Wire) -> None:
    data, allowed = MESSAGES[name]
    assert wire.outcome(data) in allowed


@pytest.mark.usefixtures("then_a_call_goes_through")
@pytest.mark.parametrize("name", INDEX)
def test_torture_message_of_rfc_4475(name: str, wire: Wire) -> None:
    data = (TORTURE / f"{name}.sip").read_bytes()
    assert wire.outcome(data) in INDEX[name]["answers"], INDEX[name]["about"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bytes(range(256)) * 400, id="every-octet"),
        pytest.param(invite(Content_Length="-1"), id="content-length-negative"),
        pytest.param(invite(extra=f"X-Long: {'x' * 70_000}\r\n"), id="header-of-70-kB"),
        pytest.param(invite(body="x" * 70_000, Content_Length="70000"), id="body-of-70-kB"),
    ],
)
def test_stream_that_cannot_be_framed_is_closed(data: bytes, gateway: Gateway) -> None:
    with tcp_wire(gateway) as connection:
        connection.sendall(data)
        heard = heard_on(connection)
        assert not heard or heard.startswith((b"SIP/2.0 400 ", b"SIP/2.0 513 "))


def test_stream_may_bring_a_message_octet_by_octet(gateway: Gateway) -> None:
    with tcp_wire(gateway) as connection:
        for octet in options("127.0.16.1", "TCP"):
            connection.send(bytes([octet]))
        assert heard_on(connection).startswith(b"SIP/2.0 200 ")


def test_stream_may_bring_two_messages_at_once(gateway: Gateway) -> None:
    with tcp_wire(gateway) as connection:
        connection.sendall(options("127.0.16.1", "TCP") + options("127.0.16.1", "TCP"))
        assert heard_on(connection, 2).count(b"SIP/2.0 200 ") == 2


def test_stream_that_stops_in_a_message_holds_up_nobody(gateway: Gateway) -> None:
    with tcp_wire(gateway) as stuck, tcp_wire(gateway) as other:
        stuck.sendall(invite()[:100])
        other.sendall(options("127.0.16.1", "TCP"))
        assert heard_on(other).startswith(b"SIP/2.0 200 ")


def test_unreadable_message_is_logged_once_with_its_reason(gateway: Gateway) -> None:
    with udp_wire(gateway) as wire:
        for _ in range(3):
            wire.outcome(invite(CSeq=None))

        def told() -> list[str]:
            return [line["reason"] for line in gateway.log_lines() if line.get("source") == wire.host]

        wait_for(lambda: bool(told()), "a line about the message")
        assert told() == ["no-cseq"]


def test_nothing_went_wrong_inside(gateway: Gateway) -> None:
    assert not gateway.errors()


def test_no_call_is_kept_of_all_this(gateway: Gateway) -> None:
    wait_for(gateway.is_idle, "all calls to be forgotten", seconds=45)
