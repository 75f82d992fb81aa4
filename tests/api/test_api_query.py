"""What clients write into a query, a header or a body becomes a type, or a problem that says what is wrong."""

import pytest
from fastapi import Request
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.api.body import validated
from gateway.api.conditions import Conditions, conditions, is_known
from gateway.api.problems import Unfit
from gateway.api.query import Moment, WrittenNumber, as_time, asked
from gateway.api.strict_json import loads
from gateway.rim import Strict
from gateway.store.written import LAST_MOMENT


class Wanted(Strict):
    """Some parameters."""

    number: WrittenNumber | None = None
    at: Moment | None = None


def request(query: bytes = b"", headers: dict[bytes, bytes] | None = None) -> Request:
    scope = {"type": "http", "query_string": query, "headers": list((headers or {}).items())}
    return Request(scope)


@pytest.mark.parametrize(
    "written",
    [
        *("", "now", "2027-01-15", "2027-01-15T08:00:00", "1e9", "-1", "9" * 13, "nan"),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1969-12-31T23:59:59Z"),
    ],
)
def test_what_is_no_moment_is_refused(written: str) -> None:
    with pytest.raises(Unfit) as caught:
        validated(Wanted, {"at": written})
    assert [each.path for each in caught.value.mistakes] == ["at"]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (b"2027-01-15T08:00:00Z", 1_800_000_000.0),
        (b"2027-01-15T09:00:00%2B01:00", 1_800_000_000.0),
        (b"2027-01-15T09:00:00+01:00", 1_800_000_000.0),
        (b"2027-01-15T09:00:00+0100", 1_800_000_000.0),
        (b"2027-01-15T07:00:00.5-01:00", 1_800_000_000.5),
        (b"1800000000.25", 1_800_000_000.25),
    ],
)
def test_a_moment_is_read(written: bytes, seconds: float) -> None:
    assert asked(Wanted, request(b"at=" + written)).at == seconds


@pytest.mark.parametrize("written", [b"%2B12155550100", b"+12155550100"])
def test_a_plus_is_a_plus_however_it_came(written: bytes) -> None:
    assert asked(Wanted, request(b"number=" + written)).number == "+12155550100"


@given(st.text())
@example("9999-12-31T23:59:59-23:59")
def test_a_moment_is_one_that_can_be_told_or_none(written: str) -> None:
    try:
        found = validated(Wanted, {"at": written}).at
    except Unfit:
        return
    assert found is not None
    assert 0 <= found <= LAST_MOMENT
    assert as_time(found).year <= 9999


@given(st.binary())
def test_any_query_is_understood_or_a_400(query: bytes) -> None:
    try:
        asked(Wanted, request(query))
    except Unfit as unfit:
        assert unfit.status == 400


@given(st.binary(), st.booleans())
def test_any_condition_is_understood_or_refused(tag: bytes, is_match: bool) -> None:
    asking = request(headers={b"if-match" if is_match else b"if-none-match": tag})
    assert is_known(asking, -1) is False
    try:
        found = conditions(asking)
    except Unfit as unfit:
        assert unfit.status in (400, 412)
    else:
        assert isinstance(found, Conditions)


@given(st.binary())
@example(b"[" * 100_000)
@example(b"1" * 10_000)
@example(b'"\\ud800"')
def test_any_body_is_json_or_refused(body: bytes) -> None:
    try:
        loads(body)
    except ValueError as error:
        assert str(error) in ("nested too deeply", "not JSON, or a name in it stands twice")
