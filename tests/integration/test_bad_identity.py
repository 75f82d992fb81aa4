"""Whatever stands in an Identity header, its call is refused for a reason, and the node goes on as if nothing had been.

The carrier is one that rejects what is not verified, so 404 (nobody has the called number) would mean that junk passed.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stir.builders import ORDER, base64url, carried, identity, resigned

from .runner import everything_wrong, play
from .scenario import SCENARIOS, read_folder
from .sipp import wait_for
from .wire import CLUMSY_CARRIER, SILENCE, Wire, heard_on, invite, tcp_wire, udp_wire
from .world import Gateway

pytestmark = pytest.mark.sip

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "stir"
SIGNED_CALL = next(read_folder(SCENARIOS / "valid-identity-is-told-with-its-attestation"))
REFUSED = {"400", "403", "428", "436", "437", "438"}

SOUND = identity(claims={"orig": {"tn": "12155550123"}, "dest": {"tn": ["18085550123"]}})
TOKEN, _, _ = SOUND.partition(";")
HEADER, CLAIMS, SIGNATURE = TOKEN.split(".")


def example(name: str, key: str = "identity") -> str:
    """An Identity value as an RFC prints it."""
    return str(json.loads((VECTORS / f"{name}.json").read_text())[key])


def token(header: str = HEADER, claims: bytes | str = CLAIMS, signature: str = SIGNATURE) -> str:
    """The sound token with another part; claims that are bytes are still to be encoded."""
    return carried(f"{header}.{base64url(claims) if isinstance(claims, bytes) else claims}.{signature}")


VALUES = {
    "nothing": "",
    "spaces": "   ",
    "a-letter": "x",
    "null-octets": "\0" * 1000,
    "null-octet-in-the-token": TOKEN[:100] + "\0" + TOKEN[100:] + ";info=<https://cert.example.org/a>",
    "latin-1": "\xe9" * 500,
    "full-stops-alone": "..;info=<https://cert.example.org/a>",
    "compact-form": f"..{SIGNATURE};info=<https://cert.example.org/a>",
    "commas": "," * 5000,
    "no-info": TOKEN,
    "info-never-closed": f"{TOKEN};info=<https://cert.example.org/a",
    "quotes-never-closed": f'{SOUND};x="' + '\\"' * 9000,
    "thousands-of-parameters": SOUND + ";a" * 9000,
    "sixty-thousand-letters": "a" * 60_000,
    "no-signature": token(signature=""),
    "signature-of-zeros": token(signature="A" * 86),
    "signature-beyond-the-order": resigned(SOUND, ORDER.to_bytes(32) * 2),
    "no-base64": token(claims="%%%"),
    "no-json": token(claims=b"{"),
    "json-null": token(claims=b"null"),
    "json-2000-deep": token(claims=b'{"a":' * 2000),
    "json-twice-the-same-key": token(claims=b'{"iat":1,"iat":2}'),
    "json-nan": token(claims=b'{"iat":NaN}'),
    "json-number-of-5000-digits": token(claims=b'{"iat":' + b"9" * 5000 + b"}"),
    "rfc-8224-full": example("rfc8224-section-4.1.1", "full"),
    "rfc-8224-compact": example("rfc8224-section-4.1.1", "compact"),
    "rfc-8946-div": example("rfc8946-section-4.1"),
    "rfc-8946-div-o": example("rfc8946-section-5"),
}  # fmt: skip


def hostile_claims() -> Iterator[Any]:
    """Claims that try to break their reader, in tokens that nobody signed: they are read before anything is fetched."""
    for case in json.loads((VECTORS / "hostile-claims.json").read_text())["cases"]:
        members = {name: "".join(_text(piece) for piece in said) for name, said in case["claims"].items()}
        payload = ",".join(f'"{name}":{text}' for name, text in (SOUND_CLAIMS | members).items())
        yield pytest.param(token(claims=f"{{{payload}}}".encode()), id=case["case"])


def _text(piece: str | list[Any]) -> str:
    return piece if isinstance(piece, str) else str(piece[0]) * int(piece[1])


SOUND_CLAIMS = {
    "attest": '"A"',
    "dest": '{"tn":["18085550123"]}',
    "iat": "1",
    "orig": '{"tn":"12155550123"}',
    "origid": '"123e4567-e89b-12d3-a456-426655440000"',
}


@pytest.fixture(scope="module")
def wire(gateway: Gateway) -> Iterator[Wire]:
    with udp_wire(gateway, CLUMSY_CARRIER) as wire:
        yield wire


def outcome(wire: Wire, *identities: str) -> str:
    return wire.outcome(invite(extra="".join(f"Identity: {each}\r\n" for each in identities)))


@pytest.mark.parametrize(
    "value", [*(pytest.param(text, id=name) for name, text in VALUES.items()), *hostile_claims()]
)
def test_a_value_that_is_no_sound_identity_is_refused(value: str, wire: Wire) -> None:
    assert outcome(wire, value) in REFUSED


def test_a_hundred_identities_are_refused(wire: Wire) -> None:
    assert outcome(wire, *[VALUES["signature-of-zeros"]] * 100) in REFUSED


_PRINTABLE = st.characters(codec="latin-1", exclude_characters="\r\n")


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The sound value of another time, a stretch of it replaced."""
    start = draw(st.integers(0, len(SOUND)))
    end = draw(st.integers(start, min(start + 20, len(SOUND))))
    return SOUND[:start] + draw(st.text(_PRINTABLE, max_size=20)) + SOUND[end:]


@settings(max_examples=100)
@given(value=st.one_of(st.text(_PRINTABLE, max_size=200), damaged()))
def test_any_text_is_refused(value: str, wire: Wire) -> None:
    assert outcome(wire, value) in REFUSED | {SILENCE}  # silence: no SIP message any more


@pytest.mark.parametrize(
    ("size", "answered"), [pytest.param(60_000, True, id="60-kB"), pytest.param(100_000, False, id="100-kB")]
)
def test_a_value_too_large_for_any_token_is_refused_on_a_stream_or_ends_it(
    size: int, answered: bool, gateway: Gateway
) -> None:
    via = "SIP/2.0/TCP 127.0.17.1;branch=z9hG4bK-{id}"
    with tcp_wire(gateway, CLUMSY_CARRIER) as connection:
        connection.sendall(invite(Via=via, extra=f"Identity: {'x' * size}\r\n"))
        heard = heard_on(connection)
    assert heard.startswith((b"SIP/2.0 400 ", b"SIP/2.0 438 ", b"SIP/2.0 513 ")) or not (heard or answered)


def test_then_a_signed_call_goes_through(gateway: Gateway, tmp_path: Path) -> None:
    played = play(SIGNED_CALL, gateway, tmp_path)
    assert not everything_wrong(SIGNED_CALL, played, gateway), played.ladder()


def test_nothing_went_wrong_inside(gateway: Gateway) -> None:
    assert not gateway.errors()


def test_no_call_is_kept_of_all_this(gateway: Gateway) -> None:
    wait_for(gateway.is_idle, "all calls to be forgotten", seconds=45)
