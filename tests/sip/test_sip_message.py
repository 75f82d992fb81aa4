"""A message is read whole or refused with a reason; what was written is read back; a stream is cut the same way however it
arrives."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip.message import (
    MAX_BYTES,
    MAX_HEADERS,
    BadMessage,
    frame_length,
    parse,
    salvage,
    write,
)

TORTURE = Path(__file__).parent.parent / "vectors" / "sip" / "torture"

HEADERS = {
    "Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
    "From": "<sip:+12025550123@192.0.2.1>;tag=1",
    "To": "<sip:+12025550199@192.0.2.2>",
    "Call-ID": "1@192.0.2.1",
    "CSeq": "1 INVITE",
}


def message(
    start: str = "INVITE sip:a@b SIP/2.0", extra: str = "", body: str = "", **changed: str | None
) -> bytes:
    """A sound message but for what is named: a header with _ for -, None to leave it out."""
    changes = {name.replace("_", "-").lower(): value for name, value in changed.items()}
    values = {name: changes.get(name.lower(), value) for name, value in HEADERS.items()}
    lines = [f"{name}: {value}\r\n" for name, value in values.items() if value is not None]
    return f"{start}\r\n{''.join(lines)}{extra}\r\n{body}".encode("latin-1")


REFUSED = {
    "empty": (b"", "no-end-of-headers"),
    "no empty line": (message()[:-2], "no-end-of-headers"),
    "only an empty line": (b"\r\n\r\n", "bad-request-line"),
    "line ends of one letter": (message().replace(b"\r\n", b"\n") + b"\r\n\r\n", "bare-line-end"),
    "a bare line feed in a value": (message(extra="Subject: a\nIdentity: b\r\n"), "bare-line-end"),
    "a bare carriage return in a value": (message(extra="Subject: a\rIdentity: b\r\n"), "bare-line-end"),
    "two spaces": (message("INVITE  sip:a@b SIP/2.0"), "bad-request-line"),
    "no URI": (message("INVITE SIP/2.0"), "bad-request-line"),
    "a space in the URI": (message("INVITE sip:a @b SIP/2.0"), "bad-request-line"),
    "a method that is no token": (message("INV@TE sip:a@b SIP/2.0"), "bad-request-line"),
    "another protocol": (message("GET / HTTP/1.1"), "bad-request-line"),
    "another version": (message("INVITE sip:a@b SIP/3.0"), "unknown-version"),
    "a status of four digits": (message("SIP/2.0 2000 OK"), "bad-status-line"),
    "a status above six hundred": (message("SIP/2.0 700 OK"), "bad-status-line"),
    "a line without colon": (message(extra="nothing\r\n"), "header-without-colon"),
    "a name with a space": (message(extra="X Y: z\r\n"), "bad-header-name"),
    "no name": (message(extra=": z\r\n"), "bad-header-name"),
    "no Via": (message(Via=None), "no-via"),
    "no From": (message(From=None), "no-from"),
    "no To": (message(To=None), "no-to"),
    "no Call-ID": (message(Call_ID=None), "no-call-id"),
    "no CSeq": (message(CSeq=None), "no-cseq"),
    "an empty Call-ID": (message(Call_ID=" "), "no-call-id"),
    "two From": (message(extra="f: <sip:x@y>;tag=2\r\n"), "two-from-headers"),
    "two Call-ID": (message(extra="i: other\r\n"), "two-call-id-headers"),
    "two Content-Length": (message(extra="l: 0\r\nContent-Length: 0\r\n"), "two-content-length-headers"),
    "CSeq without method": (message(CSeq="1"), "bad-cseq"),
    "CSeq of 2**31": (message(CSeq="2147483648 INVITE"), "bad-cseq"),
    "CSeq below zero": (message(CSeq="-1 INVITE"), "bad-cseq"),
    "CSeq of another method": (message(CSeq="1 BYE"), "cseq-of-another-method"),
    "Content-Length no number": (message(extra="Content-Length: x\r\n"), "bad-content-length"),
    "Content-Length below zero": (message(extra="Content-Length: -1\r\n"), "bad-content-length"),
    "Content-Length of superscripts": (message(extra="Content-Length: \u00b2\r\n"), "bad-content-length"),
    "Content-Length of ten digits": (message(extra="Content-Length: 0000000001\r\n", body="x"), "bad-content-length"),
    "Content-Length past the end": (message(extra="Content-Length: 2\r\n", body="x"), "body-shorter-than-content-length"),
    "too many headers": (message(extra="X: y\r\n" * MAX_HEADERS), "too-many-headers"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_message_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadMessage) as error:
        parse(data)
    assert error.value.reason == reason


def test_a_request_is_its_method_uri_headers_and_body() -> None:
    found = parse(message(extra="Content-Length: 3\r\n", body="abc"))
    assert (found.method, found.uri, found.status, found.what) == ("INVITE", "sip:a@b", 0, "INVITE")
    assert (found.cseq, found.cseq_method, found.body) == (1, "INVITE", b"abc")
    assert found.get("call-id") == "1@192.0.2.1"
    assert found.get("subject") == ""
    assert found.all("subject") == []


@pytest.mark.parametrize(
    ("line", "status", "phrase"),
    [
        ("SIP/2.0 180 Ringing", 180, "Ringing"),
        ("SIP/2.0 200 ", 200, ""),
        ("SIP/2.0 200", 200, ""),
        ("SIP/2.0 404 Not: \xf8 here", 404, "Not: \xf8 here"),
    ],
    ids=["usual", "empty-phrase", "no-phrase", "strange-phrase"],
)
def test_a_response_is_its_status_and_phrase(line: str, status: int, phrase: str) -> None:
    found = parse(message(line))
    assert (found.status, found.phrase, found.method, found.what) == (status, phrase, "", str(status))


def test_compact_names_and_any_case_mean_the_full_name() -> None:
    found = parse(
        message(Via=None, Call_ID=None, extra="V : SIP/2.0/TCP x\r\nI:abc\r\nCONTENT-TYPE:\ttext/plain \r\n")
    )
    assert found.get("via") == "SIP/2.0/TCP x"
    assert found.get("call-id") == "abc"
    assert found.get("content-type") == "text/plain"


def test_a_folded_value_is_one_line() -> None:
    found = parse(message(extra="Subject: one\r\n\ttwo\r\n  three\r\n"))
    assert found.get("subject") == "one two three"


def test_several_headers_of_a_name_keep_their_order() -> None:
    assert parse(message(extra="Route: <a>\r\nX: y\r\nRoute: <b>\r\n")).all("route") == ["<a>", "<b>"]


def test_bytes_after_the_body_are_cut_off() -> None:
    assert parse(message(extra="Content-Length: 1\r\n", body="abc")).body == b"a"


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_bad_message(data: bytes) -> None:
    try:
        parse(data)
    except BadMessage as error:
        assert error.reason


LINE = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)
LINES = st.lists(LINE | st.sampled_from([f"{name}: {value}" for name, value in HEADERS.items()]), max_size=12)


@given(st.sampled_from(["INVITE sip:a@b SIP/2.0", "SIP/2.0 200 OK"]) | LINE, LINES, st.binary(max_size=20))
def test_no_lines_raise_anything_but_bad_message(start: str, lines: list[str], body: bytes) -> None:
    data = "\r\n".join([start, *lines, "\r\n"]).encode("latin-1") + body
    salvage(data)
    try:
        parse(data)
    except BadMessage as error:
        assert error.reason


NAME = st.text("ABCxyz0123-.!%*_+`'~", min_size=1, max_size=12).map(lambda name: f"X-{name}")
VALUE = LINE.map(lambda text: text.strip(" \t"))


@given(st.lists(st.tuples(NAME, VALUE), max_size=8), st.binary(max_size=200))
def test_what_is_written_is_read_back(extra: list[tuple[str, str]], body: bytes) -> None:
    pairs = [*HEADERS.items(), *extra]
    found = parse(write("INVITE sip:a@b SIP/2.0", [f"{name}: {value}" for name, value in pairs], body))
    assert found.headers[:-1] == [(name.lower(), value) for name, value in pairs]
    assert found.body == body


@pytest.mark.parametrize("path", sorted(TORTURE.glob("*.sip")), ids=lambda path: path.stem)
def test_a_torture_message_is_read_or_refused(path: Path) -> None:
    data = path.read_bytes()
    salvage(data)
    try:
        parse(data)
    except BadMessage as error:
        assert error.reason


# Salvage


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", message("SIP/2.0 200 OK"), message(Via=None), message(To=""), b"\xff\xfe\x00"],
    ids=["empty", "blank", "a-response", "no-via", "empty-to", "binary"],
)
def test_nothing_is_salvaged_where_there_is_not_enough(data: bytes) -> None:
    assert salvage(data) is None


def test_enough_for_an_answer_is_salvaged_from_a_broken_request() -> None:
    found = salvage(message("INVITE sip:a b@c SIP/2.0", extra="nothing\r\nf: second\r\n", CSeq="x"))
    assert found is not None
    assert found.method == "INVITE"
    assert found.get("from") == HEADERS["From"]
    assert found.get("cseq") == "x"


@given(st.binary(max_size=400))
def test_salvage_never_raises(data: bytes) -> None:
    salvage(data)
    salvage(message() + data)


# Streams


def cut(chunks: list[bytes]) -> list[bytes]:
    """The messages of a stream that arrives in these pieces."""
    buffer, found = bytearray(), []
    for chunk in chunks:
        buffer += chunk
        while length := frame_length(buffer):
            found.append(bytes(buffer[:length]))
            del buffer[:length]
    return found


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4), st.data())
def test_a_stream_gives_the_same_messages_however_it_arrives(
    bodies: list[bytes], data: st.DataObject
) -> None:
    messages = [
        write("INFO sip:a@b SIP/2.0", [f"{k}: {v}" for k, v in HEADERS.items()], body) for body in bodies
    ]
    stream = b"".join(messages)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert cut(pieces) == messages


def test_a_stream_byte_by_byte_gives_its_messages() -> None:
    stream = write("INFO sip:a@b SIP/2.0", ["X: y"], b"one") + write("INFO sip:a@b SIP/2.0", [], b"")
    assert b"".join(cut([bytes([byte]) for byte in stream])) == stream


@pytest.mark.parametrize("line", ["Content-Length: 2", "l:2", "L \t:\t2 ", "CONTENT-LENGTH:2"])
def test_the_length_is_found_in_any_spelling(line: str) -> None:
    head = f"INFO sip:a@b SIP/2.0\r\n{line}\r\n\r\n".encode()
    assert frame_length(head + b"ab" + b"INFO") == len(head) + 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"INFO sip:a@b SIP/2.0\r\nX: y\r\n\r\n", "no-content-length"),
        (b"INFO sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n", "no-content-length"),
        (b"INFO sip:a@b SIP/2.0\r\nContent-Length: 1, 2\r\n\r\n", "no-content-length"),
        (b"INFO sip:a@b SIP/2.0\r\nX: Content-Length: 1\r\n\r\n", "no-content-length"),
        (b"INFO sip:a@b SIP/2.0\r\nContent-Length: 65536\r\n\r\n", "oversized"),
        (b"x" * (MAX_BYTES + 1), "oversized"),
    ],
    ids=["none", "below-zero", "a-list", "inside-a-value", "too-long", "no-end"],
)
def test_a_stream_that_cannot_be_cut_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadMessage) as error:
        frame_length(data)
    assert error.value.reason == reason


def test_the_two_readers_of_a_length_agree() -> None:
    data = message(extra="Content-Length: 0000000001\r\n", body="x")
    with pytest.raises(BadMessage):
        frame_length(data)
    with pytest.raises(BadMessage):
        parse(data)
