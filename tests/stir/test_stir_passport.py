"""Tokens we sign verify elsewhere; tokens we are given are taken apart exactly, or refused with a reason."""

import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir import passport
from gateway.stir.claims import ShakenClaims
from gateway.stir.passport import MAX_TOKEN, MOST_BRACKETS, InvalidPassport, Signer, parse

VECTORS = Path(__file__).parents[1] / "vectors/stir"
KEY = ec.generate_private_key(ec.SECP256R1())
X5U = "https://cert.example.org/passport.cer"
CLAIMS = ShakenClaims(
    "A", ("12155551213",), 1443208345, "12155551212", "123e4567-e89b-12d3-a456-426655440000"
)


def vector(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((VECTORS / name).read_text())
    return content


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(header: bytes = b"{}", payload: bytes = b"{}", signature: bytes = b"s") -> str:
    return ".".join(map(base64url, (header, payload, signature)))


def nested(lists: int) -> bytes:
    """An object with so many lists, one in the other."""
    return b'{"a":' + b"[" * lists + b"]" * lists + b"}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "not-three-parts", id="nothing"),
        pytest.param("e30.e30", "not-three-parts", id="no-signature-part"),
        pytest.param("e30.e30.cw.cw", "not-three-parts", id="four-parts"),
        pytest.param("..cw", "compact-form", id="compact-form"),
        pytest.param("e30.e30.", "missing-part", id="an-empty-signature"),
        pytest.param("é.e30.cw", "not-ascii", id="a-letter-with-accent"),
        pytest.param("e30=.e30.cw", "not-base64url", id="padding"),
        pytest.param("e30.e 30.cw", "not-base64url", id="a-space"),
        pytest.param("e30.e30.c+/w", "not-base64url", id="base64-that-is-not-url-safe"),
        pytest.param("e30.e30.c", "not-base64url", id="a-length-no-bytes-have"),
        pytest.param("e30.e30.cx", "not-base64url", id="bits-left-over"),
        pytest.param(token(header=b"\xff"), "not-utf8", id="not-utf8"),
        pytest.param(token(header=b"{"), "not-json", id="json-cut-short"),
        pytest.param(token(payload=b'{"iat":NaN}'), "not-json", id="not-a-number-constant"),
        pytest.param(token(payload=b'{"iat":' + b"1" * 5000 + b"}"), "not-json", id="five-thousand-digits"),
        pytest.param(token(payload=b'{"iat":1e400}'), "not-json", id="a-number-too-large-to-hold"),
        pytest.param(token(payload=b'{"iat":-1e400}'), "not-json", id="a-number-too-small-to-hold"),
        pytest.param(token(payload=b"{} {}"), "not-json", id="two-objects"),
        pytest.param(token(payload=b"\x0b{}"), "not-json", id="white-space-of-another-kind"),
        pytest.param(token(payload=b"\xef\xbb\xbf{}"), "not-json", id="a-byte-order-mark"),
        pytest.param(token(payload=b" "), "not-json", id="a-payload-of-white-space"),
        pytest.param(token(payload=rb'{"a":"\ud800"}'), "not-json", id="half-a-surrogate-pair"),
        pytest.param(token(payload=b"[]"), "not-an-object", id="an-array"),
        pytest.param(token(header=b"null"), "not-an-object", id="null"),
        pytest.param(token(header=b'{"alg":"none","alg":"ES256"}'), "duplicate-key", id="two-algorithms"),
        pytest.param(
            token(payload=b'{"orig":{"tn":"1","tn":"2"}}'), "duplicate-key", id="two-callers-further-down"
        ),
        pytest.param(token(payload=b'{"a":' + b"[" * 6000), "too-deep", id="six-thousand-brackets"),
        pytest.param(token(payload=nested(MOST_BRACKETS)), "too-deep", id="one-bracket-too-many"),
        pytest.param("e" * (MAX_TOKEN + 1), "too-long", id="longer-than-any"),
    ],
)
def test_refuses_what_is_no_passport_in_full_form(text: str, reason: str) -> None:
    with pytest.raises(InvalidPassport) as refused:
        parse(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(nested(MOST_BRACKETS - 1), id="as-many-brackets-as-may-be"),
        pytest.param(b' \t\r\n{ "a" : 1 }\n ', id="white-space-around"),
        pytest.param(b'{"a":1e308,"b":-0.0}', id="the-largest-and-smallest"),
        pytest.param(b'{"a":' + b"1" * 4000 + b"}", id="four-thousand-digits"),
        pytest.param(rb'{"a":"\ud83d\ude00"}', id="a-whole-surrogate-pair"),
    ],
)
def test_takes_any_json_object(payload: bytes) -> None:
    assert parse(token(payload=payload)).payload == json.loads(payload)


def test_takes_the_token_of_rfc8225_apart() -> None:
    example = vector("rfc8225-appendix-a.json")
    found = parse(example["token"])
    assert found.header == json.loads(example["header"])
    assert found.payload == json.loads(example["payload"])
    assert found.signing_input == example["token"].rpartition(".")[0].encode()
    assert len(found.signature) == 64


def test_a_foreign_signature_verifies_over_the_parts_we_found() -> None:
    example = vector("rfc7515-appendix-a3.json")
    x, y = (int.from_bytes(base64.urlsafe_b64decode(example[coordinate] + "="), "big") for coordinate in "xy")
    found = parse(example["token"])
    r, s = (int.from_bytes(half, "big") for half in (found.signature[:32], found.signature[32:]))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    key.verify(encode_dss_signature(r, s), found.signing_input, ec.ECDSA(SHA256()))


def test_an_independent_library_verifies_what_we_sign() -> None:
    signed = Signer(KEY, X5U).sign(CLAIMS)
    verified = jwt.PyJWS().decode_complete(signed, KEY.public_key(), algorithms=["ES256"])
    expected = vector("rfc8588-section-8.json")
    assert verified["header"] == json.loads(expected["header"])
    assert verified["payload"] == expected["payload"].encode()


def test_header_and_payload_are_the_bytes_of_the_vector() -> None:
    expected = vector("rfc8588-section-8.json")
    written = base64url(expected["header"].encode()) + "." + base64url(expected["payload"].encode())
    assert Signer(KEY, X5U).sign(CLAIMS).rpartition(".")[0] == written


def test_the_same_claims_are_signed_anew_each_time() -> None:
    signer = Signer(KEY, X5U)
    assert signer.sign(CLAIMS) != signer.sign(CLAIMS)


@given(st.integers(1, 2**256 - 1), st.integers(1, 2**256 - 1))
def test_raw_signature_has_32_bytes_a_number_however_small(r: int, s: int) -> None:
    raw = passport._raw(encode_dss_signature(r, s))
    assert raw == r.to_bytes(32, "big") + s.to_bytes(32, "big")


@pytest.mark.parametrize("bits", [0, 1, 8, 120, 127, 128, 247, 248, 255])
def test_raw_signature_at_the_edges_of_der(bits: int) -> None:
    raw = passport._raw(encode_dss_signature(1 << bits, 1))
    assert raw == (1 << bits).to_bytes(32, "big") + (1).to_bytes(32, "big")


@pytest.mark.parametrize(
    "x5u",
    [
        pytest.param("", id="nothing"),
        pytest.param("cert.example.org/a.pem", id="no-scheme"),
        pytest.param('https://cert.example.org/"', id="a-quote"),
        pytest.param("https://cert.example.org/>", id="a-bracket"),
        pytest.param("https://cert.example.org/\\", id="a-backslash"),
        pytest.param("https://cert.example.org/a b", id="a-space"),
        pytest.param("https://cert.example.org/\r\n", id="a-line-end"),
        pytest.param("https://zertifikat.example/ü", id="not-ascii"),
    ],
)
def test_a_signer_refuses_an_x5u_that_could_break_out(x5u: str) -> None:
    with pytest.raises(ValueError, match="x5u"):
        Signer(KEY, x5u)


def test_a_signer_takes_any_url_that_is_plain() -> None:
    url = "https://u@cert.example.org:8443/a~b/%20;p=1,2?q=[3]&r={4}|5#'6'"
    signed = parse(Signer(KEY, url).sign(CLAIMS))
    assert signed.header["x5u"] == url


def test_a_signer_refuses_another_curve() -> None:
    with pytest.raises(ValueError, match="P-256"):
        Signer(ec.generate_private_key(ec.SECP384R1()), X5U)


@given(st.text() | st.binary().map(base64url) | st.lists(st.binary().map(base64url)).map(".".join))
def test_any_text_is_a_passport_or_invalid(text: str) -> None:
    try:
        parse(text)
    except InvalidPassport as refused:
        assert refused.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.binary(min_size=1, max_size=80))
def test_any_object_and_signature_come_back_as_they_went_in(payload: dict[str, Any], sig: bytes) -> None:
    found = parse(token(b"{}", json.dumps(payload).encode(), sig))
    assert (found.payload, found.signature) == (payload, sig)
