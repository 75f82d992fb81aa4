"""TNAuthLists are read as exactly one DER structure or refused, and written as certificates carry them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stir.tnauthlist import Entry, InvalidTNAuthList, One, Range, Spc, decode, encode

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/stir/rfc8226-tnauthlist.json").read_text())
KINDS = {"spc": Spc, "range": Range, "one": One}


def entries(vector: dict[str, Any]) -> tuple[Entry, ...]:
    return tuple(KINDS[kind](*values) for kind, *values in vector["entries"])


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda vector: vector["case"])
def test_refuses_what_is_no_tnauthlist(vector: dict[str, Any]) -> None:
    with pytest.raises(InvalidTNAuthList):
        decode(bytes.fromhex(vector["der"]))


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda vector: vector["case"])
def test_reads_and_writes_the_vector(vector: dict[str, Any]) -> None:
    der = bytes.fromhex(vector["der"])
    assert decode(der) == entries(vector)
    assert encode(entries(vector)) == der


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        pytest.param(Spc, ("",), id="an-empty-code"),
        pytest.param(Spc, ("61 H",), id="a-space-in-a-code"),
        pytest.param(One, ("",), id="an-empty-number"),
        pytest.param(One, ("+12155551212",), id="a-plus"),
        pytest.param(One, ("1" * 16,), id="sixteen-digits"),
        pytest.param(Range, ("12155551212", 1), id="a-range-of-one"),
        pytest.param(Range, ("", 2), id="a-range-from-nowhere"),
    ],
)
def test_an_entry_that_could_not_stand_in_a_list_cannot_be_made(kind: Any, values: Any) -> None:
    with pytest.raises(InvalidTNAuthList):
        kind(*values)


def test_an_empty_list_cannot_be_written() -> None:
    with pytest.raises(InvalidTNAuthList):
        encode([])


NUMBERS = st.from_regex(r"[0-9#*]{1,15}", fullmatch=True)
ENTRIES = (
    st.builds(Spc, st.from_regex(r"[0-9A-Z]{1,8}", fullmatch=True))
    | st.builds(Range, NUMBERS, st.integers(2, 10**9))
    | st.builds(One, NUMBERS)
)


@given(st.lists(ENTRIES, min_size=1, max_size=60).map(tuple))
def test_what_is_written_reads_the_same(written: tuple[Entry, ...]) -> None:
    assert decode(encode(written)) == written


@given(st.binary(max_size=60))
def test_any_bytes_are_a_list_or_invalid(der: bytes) -> None:
    try:
        assert encode(decode(der)) == der
    except InvalidTNAuthList as refused:
        assert str(refused)
