"""Claims of a stranger's token are what they should be, or named as what they are not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir.reasons import Reason
from gateway.stir.received import LONGEST_NUMBER, MOST_DESTINATIONS, ClaimRefused, Claims, read

UUID = "123e4567-e89b-12d3-a456-426655440000"
BASE = {"orig": {"tn": "12155551212"}, "dest": {"tn": ["12155551213"]}, "iat": 1443208345}
SHAKEN = BASE | {"attest": "A", "origid": UUID}
DIV = BASE | {"div": {"tn": "12155551213"}}


def refusal(payload: dict[str, Any], ppt: str = "shaken") -> tuple[Reason, str]:
    with pytest.raises(ClaimRefused) as refused:
        read(payload, ppt)
    return refused.value.reason, refused.value.claim


@pytest.mark.parametrize("claim", SHAKEN)
def test_every_claim_of_a_shaken_token_must_be_there(claim: str) -> None:
    """RFC 8225 §5, RFC 8588 §4, §5."""
    rest = {name: value for name, value in SHAKEN.items() if name != claim}
    assert refusal(rest) == (Reason.CLAIM_MISSING, claim)


@pytest.mark.parametrize("claim", DIV)
def test_every_claim_of_a_div_token_must_be_there(claim: str) -> None:
    """RFC 8946 §3."""
    rest = {name: value for name, value in DIV.items() if name != claim}
    assert refusal(rest, "div") == (Reason.CLAIM_MISSING, claim)


def test_a_shaken_token_is_read() -> None:
    expected = Claims("12155551212", ("12155551213",), 1443208345.0, "A", UUID)
    assert read(SHAKEN | {"div": 1, "anything": [None]}, "shaken") == expected


def test_a_div_token_is_read() -> None:
    expected = Claims("12155551212", ("12155551213",), 1443208345.0, div="12155551213")
    assert read(DIV | {"attest": 1, "origid": 2}, "div") == expected


def test_a_div_token_holds_no_other() -> None:
    """RFC 8946 §3: that is div-o."""
    assert refusal(DIV | {"opt": "a.b.c"}, "div") == (Reason.CLAIM_MALFORMED, "opt")


@pytest.mark.parametrize("orig", ["1", "*98", "#31#", "1" * LONGEST_NUMBER])
def test_a_number_is_digits_hash_and_star(orig: str) -> None:
    """RFC 8224 §8.3."""
    assert read(SHAKEN | {"orig": {"tn": orig}}, "shaken").orig == orig


@pytest.mark.parametrize("orig", ["", "+1", "1-2", "1 ", "１", "a", "1" * (LONGEST_NUMBER + 1)])
def test_anything_else_is_no_number(orig: str) -> None:
    assert refusal(SHAKEN | {"orig": {"tn": orig}}) == (Reason.CLAIM_MALFORMED, "orig")


def test_so_many_may_be_called_and_no_more() -> None:
    assert len(read(SHAKEN | {"dest": {"tn": ["1"] * MOST_DESTINATIONS}}, "shaken").dest) == MOST_DESTINATIONS
    assert refusal(SHAKEN | {"dest": {"tn": ["1"] * (MOST_DESTINATIONS + 1)}}) == (
        Reason.CLAIM_MALFORMED,
        "dest",
    )


@pytest.mark.parametrize(("iat", "seconds"), [(0, 0.0), (-1, -1.0), (1.5, 1.5), (10**300, 1e300)])
def test_iat_is_a_number_of_seconds(iat: float, seconds: float) -> None:
    """RFC 7519 §2."""
    assert read(SHAKEN | {"iat": iat}, "shaken").iat == seconds


@pytest.mark.parametrize("iat", ["1443208345", None, True, [], {}, 10**309], ids=str)
def test_iat_is_nothing_else(iat: object) -> None:
    assert refusal(SHAKEN | {"iat": iat}) == (Reason.CLAIM_MALFORMED, "iat")


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["tn", "uri", "x"]), inner),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([*SHAKEN, "div", "opt"]), ANY_JSON), st.sampled_from(["shaken", "div"])
)
def test_any_claims_are_read_or_refused(claims: dict[str, Any], ppt: str) -> None:
    try:
        read((SHAKEN if ppt == "shaken" else DIV) | claims, ppt)
    except ClaimRefused as refused:
        assert refused.claim in {*SHAKEN, "div", "opt"}
