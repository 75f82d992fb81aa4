"""One line in, one line out: a signed call or an error that names the field, and never an exception."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir import identity, passport
from gateway.stir.passport import Signer
from gateway.stir.sign_lines import MAX_LINE, sign_line, sign_lines
from gateway.stir.tn import NumberPlan

KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = Signer(KEY, "https://cert.example.org/passport.cer")
US = NumberPlan.of("US")
ORIGID = "123e4567-e89b-12d3-a456-426655440000"
OTHER = "00000000-0000-4000-8000-000000000000"
VALID = {"orig": "+12155551212", "dest": ["2155551213"], "attest": "A"}


def answer(line: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sign_line(line, SIGNER, US, 1443208345, lambda: ORIGID))
    return found


def claims(**changes: Any) -> dict[str, Any]:
    value = identity.parse(answer(json.dumps(VALID | changes).encode())["identity"])
    return passport.parse(value.token).payload


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        pytest.param(b"", "", "not-json", id="nothing"),
        pytest.param(b"{", "", "not-json", id="cut-short"),
        pytest.param(b"{} {}", "", "not-json", id="two-requests"),
        pytest.param(b"\xff", "", "not-json", id="not-utf8"),
        pytest.param(b"[" * 50_000, "", "not-json", id="fifty-thousand-brackets"),
        pytest.param(b"1" * 5_000, "", "not-json", id="five-thousand-digits"),
        pytest.param(b" " * (MAX_LINE + 1), "", "too-long", id="longer-than-any"),
        pytest.param(b"[]", "", "not-an-object", id="an-array"),
    ],
)
def test_a_line_that_is_no_request_is_answered(line: bytes, field: str, reason: str) -> None:
    assert answer(line) == {"error": {"field": field, "reason": reason}}


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        pytest.param({"orig": None}, "orig", "not-a-string", id="no-caller"),
        pytest.param({"orig": 12155551212}, "orig", "not-a-string", id="a-number-that-is-no-text"),
        pytest.param({"orig": "anonymous"}, "orig", "anonymous", id="an-anonymous-caller"),
        pytest.param({"orig": "1234567890"}, "orig", "ambiguous", id="an-ambiguous-caller"),
        pytest.param({"dest": None}, "dest", "not-a-list", id="nobody-called"),
        pytest.param({"dest": "12155551213"}, "dest", "not-a-list", id="one-number-without-list"),
        pytest.param({"dest": ["12155551213", "x"]}, "dest", "not-a-number", id="the-second-called"),
        pytest.param({"expires": 1}, "expires", "unknown-field", id="a-field-we-do-not-know"),
    ],
)
def test_a_request_at_fault_is_told_where(changes: dict[str, Any], field: str, reason: str) -> None:
    line = json.dumps(VALID | changes).encode()
    assert answer(line) == {"error": {"field": field, "reason": reason}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("attest", "D", id="no-such-level"),
        pytest.param("attest", {}, id="a-level-that-is-no-text"),
        pytest.param("dest", [], id="an-empty-list"),
        pytest.param("iat", "1443208345", id="a-time-in-quotes"),
        pytest.param("iat", None, id="a-time-of-null"),
        pytest.param("iat", float("nan"), id="a-time-that-is-no-number"),
        pytest.param("origid", "x", id="an-origid-that-is-no-uuid"),
    ],
)
def test_a_claim_at_fault_is_told_where(field: str, value: Any) -> None:
    assert answer(json.dumps(VALID | {field: value}).encode())["error"]["field"] == field


@pytest.mark.parametrize("field", ["orig", "dest", "attest"])
def test_no_field_is_assumed(field: str) -> None:
    line = json.dumps({name: value for name, value in VALID.items() if name != field}).encode()
    assert answer(line)["error"]["field"] == field


def test_numbers_are_signed_in_canonical_form() -> None:
    signed = claims(orig="sip:(215)555-1212@h", dest=["011442071838750", "911"])
    assert (signed["orig"], signed["dest"]) == ({"tn": "12155551212"}, {"tn": ["442071838750", "911"]})


def test_time_and_origid_are_the_request_s_own_where_given() -> None:
    assert (claims()["iat"], claims()["origid"]) == (1443208345, ORIGID)
    own = claims(iat=1700000000, origid=OTHER)
    assert (own["iat"], own["origid"]) == (1700000000, OTHER)


def test_an_independent_library_verifies_the_answer() -> None:
    token = identity.parse(answer(json.dumps(VALID).encode())["identity"]).token
    jwt.PyJWS().decode(token, KEY.public_key(), algorithms=["ES256"])


def test_lines_are_answered_in_order_whatever_is_among_them() -> None:
    lines = [json.dumps(VALID).encode(), b"?", json.dumps(VALID | {"attest": "B"}).encode() + b"\r\n"]
    kinds = [next(iter(json.loads(line))) for line in sign_lines(lines, SIGNER, US, 1, lambda: ORIGID)]
    assert kinds == ["identity", "error", "identity"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["orig", "dest", "attest", "iat", "origid", "other"])


@given(st.binary() | st.dictionaries(FIELDS, JSON).map(lambda request: json.dumps(VALID | request).encode()))
def test_any_bytes_get_one_line_of_json(line: bytes) -> None:
    written = sign_line(line, SIGNER, US, 1443208345, lambda: ORIGID)
    assert b"\n" not in written
    assert json.loads(written).keys() in ({"identity"}, {"error"})
