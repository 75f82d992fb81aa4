"""Constraints on claims are read as exactly one extension or refused, and hold to the letter."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir.constraints import ENHANCED_OID, OID, Constraints, InvalidConstraints, decode, encode, of

RFC9118 = json.loads((Path(__file__).parents[1] / "vectors/stir/rfc9118-section-5.json").read_text())
EXAMPLE = Constraints(
    must_include=("confidence",),
    permitted_values=(("confidence", frozenset({"high", "medium"})),),
    must_exclude=("priority",),
)
CLAIMS = {"iat": 1, "orig": {"tn": "12155551212"}, "dest": {"tn": ["12155551213"]}}


@pytest.mark.parametrize(
    "der",
    [
        pytest.param("", id="nothing"),
        pytest.param("3000", id="none-of-the-members"),
        pytest.param("3004a0023000", id="an-empty-list-of-claims"),
        pytest.param("3009a0053003160161", id="cut-short"),
        pytest.param("300ba109300730051601613000", id="no-value-permitted"),
        pytest.param("3007a00530030c0161", id="a-utf8string-for-a-name"),
        pytest.param("3007a3053003160161", id="an-unknown-member"),
        pytest.param("3007a005300316016100", id="something-after-it"),
        pytest.param("3107a0053003160161", id="a-set"),
        pytest.param("3005a003160161", id="a-name-outside-a-list"),
    ],
)
@pytest.mark.parametrize("oid", [pytest.param(OID, id="rfc8226"), pytest.param(ENHANCED_OID, id="rfc9118")])
def test_refuses_what_is_no_such_extension(der: str, oid: str) -> None:
    with pytest.raises(InvalidConstraints):
        decode(bytes.fromhex(der), oid)


def test_the_older_extension_excludes_nothing() -> None:
    with pytest.raises(InvalidConstraints):
        decode(bytes.fromhex("3007a2053003160161"), OID)
    with pytest.raises(InvalidConstraints):
        encode(EXAMPLE, OID)


def test_constraints_that_constrain_nothing_cannot_be_written() -> None:
    with pytest.raises(InvalidConstraints):
        encode(Constraints(), ENHANCED_OID)


def test_reads_and_writes_the_example_of_the_rfc() -> None:
    der = bytes.fromhex(RFC9118["der"])
    assert decode(der, ENHANCED_OID) == EXAMPLE
    assert encode(EXAMPLE, ENHANCED_OID) == der


def test_finds_the_example_in_the_certificate_of_the_rfc() -> None:
    certificate = x509.load_pem_x509_certificate("\n".join(RFC9118["certificate"]).encode())
    value = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(ENHANCED_OID)).value
    assert value.public_bytes().hex() == RFC9118["der"]


@pytest.mark.parametrize(
    ("constraints", "claims", "claim"),
    [
        pytest.param(EXAMPLE, {}, "confidence", id="a-claim-left-out"),
        pytest.param(EXAMPLE, {"confidence": "low"}, "confidence", id="a-value-not-permitted"),
        pytest.param(EXAMPLE, {"confidence": "High"}, "confidence", id="a-value-in-other-case"),
        pytest.param(EXAMPLE, {"confidence": ["high"]}, "confidence", id="a-list-with-the-value"),
        pytest.param(EXAMPLE, {"confidence": None}, "confidence", id="null"),
        pytest.param(EXAMPLE, {"confidence": "high", "priority": 1}, "priority", id="a-claim-not-to-be-made"),
        pytest.param(
            Constraints(permitted_values=(("attest", frozenset({"A"})), ("attest", frozenset({"B"})))),
            {"attest": "A"},
            "attest",
            id="each-list-of-values-counts",
        ),
        pytest.param(
            Constraints(permitted_values=(("level", frozenset({"1"})),)),
            {"level": True},
            "level",
            id="true-is-not-1",
        ),
        pytest.param(
            Constraints(permitted_values=(("level", frozenset({"[" * 9})),)),
            {"level": json.loads("[" * 900 + "]" * 900)},
            "level",
            id="lists-in-lists-in-lists",
        ),
    ],
)
def test_names_the_claim_that_breaks_them(
    constraints: Constraints, claims: dict[str, Any], claim: str
) -> None:
    assert constraints.violated(CLAIMS | claims) == claim


@pytest.mark.parametrize(
    ("constraints", "claims"),
    [
        pytest.param(EXAMPLE, {"confidence": "medium"}, id="a-permitted-value"),
        pytest.param(
            Constraints(permitted_values=(("attest", frozenset({"A"})),)),
            {},
            id="permitted-values-demand-no-claim",
        ),
        pytest.param(
            Constraints(permitted_values=(("orig", frozenset({'{"tn":"12155551212"}'})),)),
            {},
            id="an-object-as-json",
        ),
        pytest.param(
            Constraints(permitted_values=(("rcd", frozenset({'{"icn":"é","nam":"x"}'})),)),
            {"rcd": {"nam": "x", "icn": "é"}},
            id="members-in-canonical-order",
        ),
        pytest.param(
            Constraints(permitted_values=(("n", frozenset({"7", "true"})),)), {"n": 7}, id="a-number"
        ),
        pytest.param(
            Constraints(permitted_values=(("n", frozenset({"7", "true"})),)), {"n": True}, id="true"
        ),
    ],
)
def test_lets_through_what_keeps_them(constraints: Constraints, claims: dict[str, Any]) -> None:
    assert constraints.violated(CLAIMS | claims) is None


def test_a_certificate_without_them_is_not_constrained() -> None:
    assert of(None, None) is None


def test_both_extensions_of_a_certificate_hold() -> None:
    plain = encode(Constraints(must_include=("attest",)), OID)
    both = of(plain, bytes.fromhex(RFC9118["der"]))
    assert both
    assert both.violated({"confidence": "high"}) == "attest"
    assert both.violated({"attest": "A"}) == "confidence"
    assert both.violated({"attest": "A", "confidence": "high"}) is None


@pytest.mark.parametrize("claim", ["iat", "orig", "dest"])
def test_an_extension_that_excludes_what_every_passport_has_is_treated_as_absent(claim: str) -> None:
    absurd = encode(Constraints(must_include=("confidence",), must_exclude=("priority", claim)), ENHANCED_OID)
    assert of(None, absurd) is None
    plain = Constraints(must_include=("attest",))
    assert of(encode(plain, OID), absurd) == plain


NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
VALUES = st.frozensets(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=4)
CONSTRAINTS = st.builds(
    Constraints,
    st.lists(NAMES, max_size=4).map(tuple),
    st.lists(st.tuples(NAMES, VALUES), max_size=4).map(tuple),
    st.lists(NAMES, max_size=4).map(tuple),
).filter(lambda made: made != Constraints())


@given(CONSTRAINTS)
def test_what_is_written_reads_the_same(written: Constraints) -> None:
    assert decode(encode(written, ENHANCED_OID), ENHANCED_OID) == written


@given(st.binary(max_size=60), st.integers(0, 65), st.integers(0, 255))
def test_any_bytes_are_constraints_or_invalid(noise: bytes, place: int, byte: int) -> None:
    near = bytearray.fromhex(RFC9118["der"])
    near[place] = byte
    for der in (noise, bytes(near)):
        try:
            decode(der, ENHANCED_OID)
        except InvalidConstraints as refused:
            assert str(refused)
