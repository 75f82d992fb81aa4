"""Claims that exist can be signed: the constructor refuses the rest; the bytes are those of RFC 8225 §9."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir.claims import InvalidClaims, ShakenClaims

VECTOR = json.loads((Path(__file__).parents[1] / "vectors/stir/rfc8588-section-8.json").read_text())
VALID = ShakenClaims(VECTOR["attest"], tuple(VECTOR["dest"]), VECTOR["iat"], VECTOR["orig"], VECTOR["origid"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("attest", "D", id="no-such-level"),
        pytest.param("attest", "a", id="a-small-letter"),
        pytest.param("attest", "", id="no-level"),
        pytest.param("attest", None, id="level-missing"),
        pytest.param("attest", ["A"], id="level-in-a-list"),
        pytest.param("dest", (), id="nobody-called"),
        pytest.param("dest", ["12155551212"], id="a-list-that-could-change"),
        pytest.param("dest", "12155551212", id="a-string-for-a-tuple"),
        pytest.param("dest", ("12155551212", ""), id="an-empty-number"),
        pytest.param("dest", ("+12155551212",), id="a-plus"),
        pytest.param("dest", (12155551212,), id="a-number-that-is-no-text"),
        pytest.param("iat", 0, id="no-time"),
        pytest.param("iat", -1, id="before-1970"),
        pytest.param("iat", 1443208345.0, id="a-fraction"),
        pytest.param("iat", "1443208345", id="a-string-for-a-number"),
        pytest.param("iat", True, id="a-boolean"),
        pytest.param("orig", "", id="no-caller"),
        pytest.param("orig", '1","x":"', id="an-injection"),
        pytest.param("orig", "1215555121\n", id="a-line-end"),
        pytest.param("orig", "١٢", id="digits-of-another-script"),
        pytest.param("orig", None, id="caller-missing"),
        pytest.param("origid", "", id="no-origid"),
        pytest.param("origid", "123e4567e89b12d3a456426655440000", id="a-uuid-without-hyphens"),
        pytest.param("origid", "{123e4567-e89b-12d3-a456-426655440000}", id="a-uuid-in-braces"),
        pytest.param("origid", None, id="origid-missing"),
    ],
)
def test_refuses_a_claim_that_must_not_be_signed_and_names_it(field: str, value: Any) -> None:
    with pytest.raises(InvalidClaims) as refused:
        replace(VALID, **{field: value})
    assert refused.value.field == field


def test_claims_become_the_bytes_of_the_vector() -> None:
    assert VALID.canonical_json() == VECTOR["payload"].encode()


def test_called_numbers_are_sorted() -> None:
    several = replace(VALID, dest=("2", "12", "112"))
    assert json.loads(several.canonical_json())["dest"] == {"tn": ["112", "12", "2"]}


@given(
    attest=st.sampled_from("ABC"),
    dest=st.lists(st.from_regex(r"[0-9#*]{1,15}", fullmatch=True), min_size=1).map(tuple),
    iat=st.integers(min_value=1, max_value=2**40),
    orig=st.from_regex(r"[0-9#*]{1,15}", fullmatch=True),
    origid=st.uuids().map(str),
)
def test_canonical_bytes_are_what_a_sorting_serialiser_writes(**fields: Any) -> None:
    claims = ShakenClaims(**fields)
    payload = {
        "attest": claims.attest,
        "dest": {"tn": sorted(claims.dest)},
        "iat": claims.iat,
        "orig": {"tn": claims.orig},
        "origid": claims.origid,
    }
    assert claims.canonical_json() == json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
