"""Inspection reads what can be read, remarks on what is odd, and never fails."""

import base64
import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection import Inspection, inspect

HEADER = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": "https://example.com/one.pem"}
CLAIMS = {
    "attest": "A",
    "dest": {"tn": ["12155550123"]},
    "iat": 1_471_375_418,
    "orig": {"tn": "12155550100"},
    "origid": "7a1f2a9e-0d0b-4d5e-9c55-0c4c2d1f7b10",
}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(header: object = HEADER, claims: object = CLAIMS, signature: bytes = bytes(64)) -> str:
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, claims))
    return ".".join([*map(b64, parts), b64(signature)])


def value(of: str, parameters: str = ";info=<https://example.com/one.pem>;alg=ES256;ppt=shaken") -> str:
    return of + parameters


def test_a_good_value_has_no_remarks() -> None:
    found = inspect(value(token()))
    assert found == Inspection(
        header=HEADER,
        claims=CLAIMS,
        parameters={"info": "https://example.com/one.pem", "alg": "ES256", "ppt": "shaken"},
        issued_at="2016-08-16T19:23:38+00:00",
        remarks=(),
    )


@pytest.mark.parametrize("prefix", ["", "Identity: ", "identity:", "y: ", "  Identity : "])
def test_the_name_of_the_header_may_stand_in_front(prefix: str) -> None:
    assert inspect(prefix + value(token())).remarks == ()


def test_a_bare_token_has_no_parameters() -> None:
    found = inspect(token())
    assert found.parameters == {}
    assert found.remarks == ()


def without(mapping: Mapping[str, object], name: str) -> dict[str, object]:
    return {key: held for key, held in mapping.items() if key != name}


ODD = {
    "empty": ("", "the token is unreadable: not-three-parts"),
    "two-parts": ("a.b", "not-three-parts"),
    "compact": (value(".." + b64(bytes(64))), "compact form"),
    "not-json": (f"{b64(b'x')}.{b64(b'y')}.{b64(bytes(64))}", "not-json"),
    "no-info": (value(token(), ";alg=ES256"), "malformed: no-info"),
    "other-info": (
        value(token(), ";info=<https://example.com/two.pem>"),
        "info=https://example.com/two.pem differs",
    ),
    "other-ppt": (value(token(), ";info=<https://example.com/one.pem>;ppt=div"), "ppt=div differs"),
    "alg-none": (token({**HEADER, "alg": "none"}), "alg is 'none', not 'ES256'"),
    "alg-missing": (token(without(HEADER, "alg")), "alg is None, not 'ES256'"),
    "typ": (token({**HEADER, "typ": "JWT"}), "typ is 'JWT'"),
    "ppt": (token({**HEADER, "ppt": "div"}), "ppt is 'div'"),
    "jwk": (
        token({"alg": "ES256", "jwk": {}, "ppt": "shaken", "typ": "passport", "x5u": "https://e.com"}),
        "jwk is no",
    ),
    "x5u-missing": (token(without(HEADER, "x5u")), "x5u is missing"),
    "x5u-http": (token({**HEADER, "x5u": "http://example.com/one.pem"}), "is not plain https"),
    "x5u-port": (token({**HEADER, "x5u": "https://example.com:8080/one.pem"}), "is not plain https"),
    "x5u-query": (token({**HEADER, "x5u": "https://example.com/one.pem?a"}), "is not plain https"),
    "x5u-broken": (token({**HEADER, "x5u": "https://[example.com/one.pem"}), "is not plain https"),
    "order": (token(dict(reversed(HEADER.items()))), "the header is not in canonical form"),
    "attest": (token(claims={**CLAIMS, "attest": "D"}), "attest is 'D'"),
    "iat-text": (token(claims={**CLAIMS, "iat": "1471375418"}), "iat is '1471375418'"),
    "iat-bool": (token(claims={**CLAIMS, "iat": True}), "iat is True"),
    "origid": (token(claims={**CLAIMS, "origid": "x"}), "origid is 'x'"),
    "orig-plus": (token(claims={**CLAIMS, "orig": {"tn": "+1"}}), "orig has no canonical tn"),
    "orig-list": (token(claims={**CLAIMS, "orig": []}), "orig has no canonical tn"),
    "dest-text": (token(claims={**CLAIMS, "dest": {"tn": "1"}}), "dest has no list"),
    "dest-empty": (token(claims={**CLAIMS, "dest": {"tn": []}}), "dest has no list"),
    "claim-more": (token(claims={**CLAIMS, "rcd": {}}), "'rcd' is not one of shaken's"),
    "signature": (token(signature=bytes(63)), "the signature has 63 bytes"),
}


@pytest.mark.parametrize(("text", "remark"), ODD.values(), ids=ODD)
def test_an_oddity_is_remarked_on(text: str, remark: str) -> None:
    remarks = inspect(text).remarks
    assert any(remark in each for each in remarks), remarks


@given(
    st.one_of(
        st.text(), st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*(;\w*=.*)?", fullmatch=True)
    )
)
def test_any_text_is_inspected(text: str) -> None:
    found = inspect(text)
    assert found.claims is not None or found.remarks


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(sorted(CLAIMS)), json_values),
    st.dictionaries(st.sampled_from(sorted(HEADER)), json_values),
)
def test_any_claims_are_inspected(claims: dict[str, object], header: dict[str, object]) -> None:
    json.dumps(inspect(token(header, claims)).remarks)
