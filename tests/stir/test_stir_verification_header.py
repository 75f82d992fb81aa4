"""What an Identity value and the token's own header must say before anything else is looked at, and what they may say
in another way."""

import json
from typing import Any

import pytest
from builders import (
    CALLEE,
    CALLER,
    NOW,
    ORDER,
    ORIGID,
    X5U,
    Case,
    assert_refused_unfetched,
    base64url,
    carried,
    identity,
    judged,
    refused,
    resigned,
    signed,
    wanted,
)

from gateway.stir.reasons import Reason

SOUND = identity()
TOKEN = SOUND.partition(";")[0]
SIGNATURE = TOKEN.rpartition(".")[2]
OTHER = "https://cert.example.org/other.cer"
GRAMMAR, FULL_FORM, CRIT, X5U_IS_INFO = "RFC 8224 4", "RFC 8588 3", "RFC 7515 4.1.11", "RFC 8224 4.1"
TYP, ALG, X5U_CLAUSE, PPT = "RFC 8225 4.1", "RFC 8225 4.2", "RFC 8225 4.3", "RFC 8224 6.2 step 1"
JWS, ES256 = "RFC 7515 3.1", "RFC 7518 3.4"


def raw(r: int, s: int) -> bytes:
    return r.to_bytes(32) + s.to_bytes(32)


REFUSED = [
    refused("nothing", GRAMMAR, Reason.IDENTITY_MALFORMED, "", detail="no-token"),
    refused("no-info", GRAMMAR, Reason.IDENTITY_MALFORMED, TOKEN, detail="no-info"),
    refused("info-twice", GRAMMAR, Reason.IDENTITY_MALFORMED, f"{SOUND};info=<{X5U}>"),
    refused("a-value-as-a-string", GRAMMAR, Reason.IDENTITY_MALFORMED, carried(f'"{TOKEN}"')),
    refused("padding", GRAMMAR, Reason.IDENTITY_MALFORMED, carried(f"{TOKEN}==")),
    refused("compact-form", FULL_FORM, Reason.COMPACT_FORM, carried(f"..{SIGNATURE}")),
    refused("two-parts", JWS, Reason.PASSPORT_MALFORMED, carried(TOKEN.rpartition(".")[0])),
    refused("a-header-left-out", JWS, Reason.PASSPORT_MALFORMED, carried(f".e30.{SIGNATURE}")),
    refused("no-signature", JWS, Reason.PASSPORT_MALFORMED, resigned(SOUND, b""), detail="missing-part"),
    refused(
        "a-header-that-is-no-object",
        JWS,
        Reason.PASSPORT_MALFORMED,
        carried(signed(b"[]", b"{}")),
        detail="not-an-object",
    ),
    refused(
        "two-algorithms",
        "RFC 7515 4",
        Reason.PASSPORT_MALFORMED,
        carried(signed(b'{"alg":"none","alg":"ES256"}', b"{}")),
        detail="duplicate-key",
    ),
    refused("no-ppt", PPT, Reason.PPT_UNSUPPORTED, identity(without="ppt"), detail="none"),
    refused("a-ppt-unknown-here", PPT, Reason.PPT_UNSUPPORTED, identity(header={"ppt": "rph"}), detail="rph"),
    refused(
        "div-o-is-for-out-of-band", "RFC 8946 5", Reason.PPT_UNSUPPORTED, identity(header={"ppt": "div-o"})
    ),
    refused("ppt-in-capitals", PPT, Reason.PPT_UNSUPPORTED, identity(header={"ppt": "SHAKEN"})),
    refused(
        "a-list-of-ppts", PPT, Reason.PPT_UNSUPPORTED, identity(header={"ppt": ["shaken"]}), detail="none"
    ),
    refused(
        "a-ppt-that-breaks-the-line",
        PPT,
        Reason.PPT_UNSUPPORTED,
        identity(header={"ppt": "a\r\nb"}),
        detail="none",
    ),
    refused("typ-missing", TYP, Reason.TYP_WRONG, identity(without="typ")),
    refused("typ-of-another-token", TYP, Reason.TYP_WRONG, identity(header={"typ": "JWT"})),
    refused("alg-missing", ALG, Reason.ALG_UNSUPPORTED, identity(without="alg", beside="")),
    refused("alg-none", ALG, Reason.ALG_UNSUPPORTED, identity(header={"alg": "none"}, beside="")),
    refused("alg-with-a-shared-secret", ALG, Reason.ALG_UNSUPPORTED, identity(header={"alg": "HS256"})),
    refused("alg-on-another-curve", ALG, Reason.ALG_UNSUPPORTED, identity(header={"alg": "ES384"})),
    refused("alg-in-small-letters", ALG, Reason.ALG_UNSUPPORTED, identity(header={"alg": "es256"})),
    refused("alg-in-a-list", ALG, Reason.ALG_UNSUPPORTED, identity(header={"alg": ["ES256"]})),
    refused("crit-unknown", CRIT, Reason.CRIT_UNSUPPORTED, identity(header={"crit": ["b64"], "b64": False})),
    refused("crit-empty", CRIT, Reason.CRIT_UNSUPPORTED, identity(header={"crit": []})),
    refused("another-ppt-beside", PPT, Reason.PARAMETER_MISMATCH, identity(beside=";ppt=div"), detail="ppt"),
    refused(
        "another-alg-beside", ALG, Reason.PARAMETER_MISMATCH, identity(beside=";alg=RS256"), detail="alg"
    ),
    refused("x5u-missing", X5U_CLAUSE, Reason.X5U_MISSING, identity(without="x5u")),
    refused("x5u-empty", X5U_CLAUSE, Reason.X5U_MISSING, identity(header={"x5u": ""}, info=X5U)),
    refused("x5u-in-a-list", X5U_CLAUSE, Reason.X5U_MISSING, identity(header={"x5u": [X5U]}, info=X5U)),
    refused("info-of-another-certificate", X5U_IS_INFO, Reason.X5U_MISMATCH, identity(info=OTHER)),
    refused("info-with-a-fragment-more", X5U_IS_INFO, Reason.X5U_MISMATCH, identity(info=X5U + "#")),
    refused(
        "info-in-another-case", X5U_IS_INFO, Reason.X5U_MISMATCH, identity(info=X5U.replace("cert.", "CERT."))
    ),
    refused("63-bytes", ES256, Reason.SIGNATURE_INVALID, resigned(SOUND, bytes(range(63))), detail="length"),
    refused("65-bytes", ES256, Reason.SIGNATURE_INVALID, resigned(SOUND, bytes(range(65))), detail="length"),
    refused(
        "a-signature-in-der",
        ES256,
        Reason.SIGNATURE_INVALID,
        resigned(SOUND, b"0E" + bytes(69)),
        detail="length",
    ),
    refused("r-zero", ES256, Reason.SIGNATURE_INVALID, resigned(SOUND, raw(0, 1)), detail="range"),
    refused("s-zero", ES256, Reason.SIGNATURE_INVALID, resigned(SOUND, raw(1, 0)), detail="range"),
    refused("both-zero", ES256, Reason.SIGNATURE_INVALID, resigned(SOUND, raw(0, 0)), detail="range"),
    refused("r-the-order", ES256, Reason.SIGNATURE_INVALID, resigned(SOUND, raw(ORDER, 1)), detail="range"),
    refused("s-the-order", ES256, Reason.SIGNATURE_INVALID, resigned(SOUND, raw(1, ORDER)), detail="range"),
    refused(
        "all-bits",
        ES256,
        Reason.SIGNATURE_INVALID,
        resigned(SOUND, raw(2**256 - 1, 2**256 - 1)),
        detail="range",
    ),
]


@pytest.mark.parametrize("case", REFUSED)
def test_fails_before_anything_is_fetched(case: Case) -> None:
    assert_refused_unfetched(case)


def test_a_signature_in_range_is_worth_a_certificate() -> None:
    assert wanted(resigned(SOUND, raw(ORDER - 1, ORDER - 1))) == (X5U,)


SHUFFLED = f"""
  {{ "origid": "{ORIGID}",\t"orig": {{"tn": "{CALLER}"}}, "iat": {NOW},
     "dest": {{"tn": [ "{CALLEE}" ]}}, "attest": "A" }}
""".encode()
SHUFFLED_HEADER = json.dumps(
    {"x5u": X5U, "typ": "passport", "ppt": "shaken", "alg": "ES256"}, indent=1
).encode()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(SOUND, id="as-carriers-write-it"),
        pytest.param(identity(beside=""), id="alg-and-ppt-absent-beside"),
        pytest.param(identity(beside=';ppt="shaken"'), id="ppt-quoted-as-RFC-8946-4.1-does"),
        pytest.param(identity(beside=";canon=x;ppt=shaken;y"), id="parameters-unknown-here"),
        pytest.param(f"{TOKEN};ppt=shaken;alg=ES256;info=<{X5U}>", id="parameters-in-another-order"),
        pytest.param(f" {TOKEN} ;\tinfo = <{X5U}> ; ppt = shaken ", id="white-space"),
        pytest.param(carried(signed(SHUFFLED_HEADER, SHUFFLED)), id="json-in-another-order-and-spaced"),
        pytest.param(identity(header={"kid": "1", "cty": "x"}), id="header-members-unknown-here"),
        pytest.param(identity(header={"x5u": OTHER}), id="another-certificate"),
    ],
)
def test_is_worth_a_certificate_however_it_is_written(value: str) -> None:
    assert wanted(value) in ((X5U,), (OTHER,))
    if X5U in value:
        assert judged(value).passed


@pytest.mark.parametrize(("member", "value"), [("ppt", "x" * 33), ("ppt", "é"), ("ppt", "\ud800")])
def test_no_odd_text_of_a_token_gets_into_a_verdict(member: str, value: Any) -> None:
    header = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": X5U, member: value}
    found = judged(carried(signed(json.dumps(header).encode(), b"{}")))
    assert (found.headers[0].ppt, found.headers[0].x5u) == (None, None)


def test_an_x5u_that_info_does_not_repeat_is_not_reported() -> None:
    assert judged(identity(header={"x5u": "https://h/\r\n"}, info=X5U)).headers[0].x5u is None


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (SOUND, SIGNATURE),
        (carried(f"..{SIGNATURE}"), SIGNATURE),
        (carried(f"e30.e30.{base64url(bytes(65))}"), ""),
        ("", ""),
    ],
    ids=["sound", "compact", "too-long", "nothing"],
)
def test_a_header_is_named_by_its_signature(value: str, named: str) -> None:
    assert judged(value).headers[0].signature == named
