"""A value is read in every form people write it in, and written in one that reads the same wherever it is read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gateway.stir.tn import NumberPlan
from gateway.store import written

US = {"plan": NumberPlan.of("US")}
GB = {"plan": NumberPlan.of("GB")}


def read(type_: object, value: object, context: dict[str, Any] = US) -> Any:
    return TypeAdapter(type_).validate_python(value, context=context)


def write(type_: object, value: object) -> Any:
    return TypeAdapter(type_).dump_python(value, mode="json")


@pytest.mark.parametrize(
    ("type_", "value", "said"),
    [
        (written.NumberText, "nonsense", "not a number: not-a-number"),
        (written.NumberText, "", "not a number"),
        (written.NumberText, "anonymous", "not a number: anonymous"),
        (written.NumberText, 12155550100, "valid string"),
        (written.NumberText, "*67", "not 1 to 18 digits"),
        (written.ListedText, "1215*", "contains a wildcard"),
        (written.ListedText, "1215555010?", "contains a wildcard"),
        (written.ListedText, "abc", "is not a number"),
        (written.PrefixText, "12a", "match pattern"),
        (written.PrefixText, "", "match pattern"),
        (written.PrefixText, "1" * 19, "match pattern"),
        (written.PrefixText, "１２", "match pattern"),
        (written.Money, 5, "write money as text"),
        (written.Money, 0.1, "write money as text"),
        (written.Money, "-1", "write money as text"),
        (written.Money, "0.0000001", "write money as text"),
        (written.Money, "1,50", "write money as text"),
        (written.Money, "1e3", "write money as text"),
        (written.Money, "١", "write money as text"),
        (written.Begin, "2027-01-01T00:00:00", "write a day"),
        (written.Begin, "2027-02-30", "write a day"),
        (written.Begin, 1_800_000_000, "write a day"),
        (written.Begin, "tomorrow", "write a day"),
        (written.Begin, "1969-12-31", "of the years 1970 to 9999"),
        (written.End, "9999-12-31T23:59:59-14:00", "of the years 1970 to 9999"),
        (written.Begin, "0001-01-01T00:00:00+14:00", "of the years 1970 to 9999"),
        (written.Wait, "5", "write a duration with its unit"),
        (written.Wait, "25h", "less than or equal to 86400"),
        (written.Wait, "9" * 400 + "s", "less than or equal to 86400"),
        (written.Network, "192.0.2.1/24", "host bits set"),
        (written.Network, 3221225985, "as text"),
        (written.Name, "a b", "match pattern"),
        (written.Name, "a/b", "match pattern"),
        (written.Text, "two\nlines", "match pattern"),
        (written.Text, "nul\0", "match pattern"),
        (written.Text, "half \ud800", "valid string"),
        (written.SmallCount, 2**31, "less than or equal"),
        (written.SmallCount, True, "valid integer"),
        (written.NextHopText, 5060, "write a next hop as text"),
    ],
)
def test_what_is_none_is_refused_with_what_to_write(type_: object, value: object, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(type_, value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("type_", "value", "held", "back"),
    [
        (written.NumberText, "(215) 555-0100", "12155550100", "+12155550100"),
        (written.NumberText, "+4930123456", "4930123456", "+4930123456"),
        (written.NumberText, "911", "911", "+911"),
        (written.ListedText, "2155550100", "12155550100", "+12155550100"),
        (written.ListedText, "0000", "0000", "+0000"),
        (written.PrefixText, "+1242", "1242", "1242"),
        (written.Money, "100.00", 100_000_000, "100.00"),
        (written.Money, "7", 7_000_000, "7.00"),
        (written.Money, "0.0125", 12_500, "0.0125"),
        (written.Money, "0.000001", 1, "0.000001"),
        (written.Begin, "2027-01-15T09:00:00+01:00", 1_800_000_000.0, "2027-01-15T08:00:00Z"),
        (written.Begin, "2027-01-15", 1_799_971_200.0, "2027-01-15T00:00:00Z"),
        (written.End, "2027-01-15", 1_800_057_600.0, "2027-01-16T00:00:00Z"),
        (written.End, "9999-12-31", written.LAST_MOMENT, "9999-12-31T23:59:59Z"),
        (written.Wait, "1500ms", 1.5, "1500ms"),
        (written.Wait, "1000.5s", 1000.5, "1000500ms"),
        (written.Wait, "90s", 90.0, "90s"),
        (written.Wait, "2h", 7200.0, "2h"),
        (written.Wait, "0s", 0.0, "0ms"),
        (written.NextHopText, "tls:[2001:db8::9]:5061", None, "tls:[2001:db8::9]:5061"),
        (written.Network, "192.0.2.1", None, "192.0.2.1"),
        (written.Network, "192.0.2.1/32", None, "192.0.2.1"),
        (written.Network, "2001:db8::/32", None, "2001:db8::/32"),
        (written.Network, "2001:db8::1/128", None, "2001:db8::1"),
    ],
)
def test_a_value_is_held_and_written_back(type_: object, value: object, held: object, back: str) -> None:
    found = read(type_, value)
    assert held is None or found == held
    assert write(type_, found) == back
    assert read(type_, back) == found


def test_a_number_reads_the_same_in_every_country_once_it_was_written() -> None:
    number = read(written.NumberText, "030 123456", {"plan": NumberPlan.of("DE")})
    assert read(written.NumberText, write(written.NumberText, number), US) == "4930123456"
    assert read(written.NumberText, write(written.NumberText, number), GB) == "4930123456"


@given(st.integers(0, 10**15 - 1))
def test_money_comes_back_to_the_micro_unit(micros: int) -> None:
    assert read(written.Money, written.money(micros)) == micros


@given(st.integers(0, 4_000_000_000))
def test_a_time_comes_back_to_the_second(seconds: int) -> None:
    assert read(written.Begin, written.moment(seconds)) == seconds


@given(st.integers(0, 86_400_000))
def test_a_wait_comes_back_to_the_millisecond(milliseconds: int) -> None:
    held = read(written.Wait, f"{milliseconds}ms")
    assert read(written.Wait, write(written.Wait, held)) == pytest.approx(held, abs=1e-9)


@given(st.text("0123456789", min_size=1, max_size=18), st.sampled_from(["US", "GB", "DE", "SG"]))
def test_a_listed_number_comes_back_in_any_country(digits: str, country: str) -> None:
    held = read(written.ListedText, digits, GB)
    assert read(written.ListedText, f"+{held}", {"plan": NumberPlan.of(country)}) == held
