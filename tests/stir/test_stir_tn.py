"""What switches write becomes one canonical number, or is refused with a reason; nothing is guessed."""

from dataclasses import replace
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from gateway.stir import tn
from gateway.stir.tn import (
    InvalidNumber,
    NumberPlan,
    TelephoneNumber,
    canonical,
    canonical_digits,
    written_digits,
)

US, GB, FR, BD, CN, RU, IT = map(NumberPlan.of, ("US", "GB", "FR", "BD", "CN", "RU", "IT"))


def reading(text: str, plan: NumberPlan = US) -> str:
    """The digits, or the reason for refusing them."""
    try:
        return canonical(text, plan).digits
    except InvalidNumber as refused:
        return refused.reason


def case(text: str, expected: str, *, id: str, plan: NumberPlan = US) -> Any:
    return pytest.param(text, plan, expected, id=id)


@pytest.mark.parametrize(
    ("text", "plan", "reason"),
    [
        case("", "no-number", id="nothing"),
        case("+", "no-number", id="a-plus-alone"),
        case("tel:", "no-number", id="tel-without-number"),
        case(" ( ) - ", "no-number", id="separators-alone"),
        case("sip:10.0.0.1", "anonymous", id="no-user-part"),
        case("sip:@10.0.0.1", "anonymous", id="empty-user-part"),
        case("<sip:[2001:db8::1]:5060>", "anonymous", id="no-user-part-before-an-ipv6-host"),
        case('"Anonymous" <sip:anonymous@anonymous.invalid>', "anonymous", id="rfc3323-anonymous"),
        case("sip:+12155551212@anonymous.invalid", "anonymous", id="rfc3323-host-wins-over-the-user"),
        case("Restricted", "anonymous", id="restricted-in-any-case"),
        case("sip:unavailable@10.0.0.1", "anonymous", id="unavailable"),
        case("sip:alice@example.com", "not-a-number", id="a-name"),
        case("1-800-FLOWERS", "not-a-number", id="a-vanity-number"),
        case("sip:+1215@evil@example.com", "not-a-number", id="two-at-signs"),
        case("12155551212@example.com", "not-a-number", id="a-host-without-scheme"),
        case("mailto:12155551212", "not-a-number", id="another-scheme"),
        case("urn:service:sos", "not-a-number", id="a-service-urn"),
        case("<sip:+12155551212@h", "not-a-number", id="a-bracket-never-closed"),
        case('"<sip:+12155551212@h>', "not-a-number", id="a-quote-never-closed"),
        case("++12155551212", "not-a-number", id="two-pluses"),
        case("1215+5551212", "not-a-number", id="a-plus-inside"),
        case("sip:12155551212%3Btgrp@h", "not-a-number", id="an-escaped-semicolon-is-no-separator"),
        case("sip:1215555121%@h", "not-a-number", id="a-broken-escape"),
        case("١٢١٥٥٥٥١٢١٢", "not-a-number", id="digits-of-another-script"),
        case("12155551212\x00", "not-a-number", id="a-zero-byte"),
        case("5551212", "ambiguous", id="a-local-number-without-area-code"),
        case("2001", "too-short", id="an-extension"),
        case("12345", "too-short", id="a-text-message-code"),
        case("+1215555121", "too-short", id="plus-one-and-nine-digits"),
        case("+121555512123", "too-long", id="plus-one-and-eleven-digits"),
        case("+441234", "too-short", id="plus-and-six-digits"),
        case("+4420718387501234", "too-long", id="sixteen-digits"),
        case("2155551212345678", "too-long", id="sixteen-digits-without-plus"),
        case("<sip:+12155551212@h;tag=a@b>", "not-a-number", id="an-at-sign-in-a-parameter"),
        case("+491", "too-short", id="plus-and-three-digits"),
        case("+4930123456789012", "too-long", id="longer-than-e164"),
        case("+9991234567", "no-such-country", id="an-unassigned-country-code"),
        case("+0442071838750", "no-such-country", id="plus-and-a-national-prefix"),
        case("011999123456789", "no-such-country", id="an-unassigned-country-code-after-011"),
        case("+44 (0)20 7183 8750", "ambiguous", id="a-national-prefix-left-in-brackets"),
        case("02155551212", "ambiguous", id="a-national-prefix-of-another-plan"),
        case("11234567890", "ambiguous", id="eleven-digits-from-one-with-no-such-area-code"),
        case("1234567890", "ambiguous", id="ten-digits-from-one"),
        case("1234#12155551212", "ambiguous", id="a-technical-prefix"),
        case("+*98", "ambiguous", id="a-service-code-after-plus"),
        case("13123456789", "ambiguous", plan=CN, id="a-chinese-mobile-or-chicago"),
        case("390612345", "ambiguous", plan=IT, id="an-italian-number-with-or-without-its-code"),
        case("tel:5551212;phone-context=example.com", "unknown-context", id="a-domain-we-do-not-know"),
        case("tel:5551212;phone-context=", "unknown-context", id="an-empty-context"),
        case("tel:5551212;phone-context=+1x", "unknown-context", id="a-context-that-is-no-prefix"),
        case("tel:211;phone-context=example.com", "unknown-context", id="a-short-code-of-somebody-else"),
        case("tel:2071838750;phone-context=+4", "ambiguous", id="a-context-that-makes-no-number"),
        case("tel:02071838750;phone-context=+44", "ambiguous", id="a-national-prefix-inside-a-context"),
        case("tel:1;phone-context=+1;phone-context=+44", "ambiguous", id="two-contexts"),
    ],
)
def test_refuses_what_is_no_number_or_could_be_two(text: str, plan: NumberPlan, reason: str) -> None:
    assert reading(text, plan) == reason


@pytest.mark.parametrize(
    ("text", "plan", "digits"),
    [
        case("+12155551212", "12155551212", id="e164"),
        case("12155551212", "12155551212", id="e164-without-plus"),
        case("2155551212", "12155551212", id="ten-digits"),
        case("(215) 555-12.12", "12155551212", id="separators"),
        case("  +1 215 555 1212 ", "12155551212", id="spaces-around"),
        case("sip:2155551212@10.0.0.1:5060;user=phone", "12155551212", id="sip-uri"),
        case("SIPS:+12155551212@example.com?Subject=x", "12155551212", id="sips-uri-in-capitals"),
        case("sip:+12155551212:secret@h", "12155551212", id="password"),
        case("sip:%2B1215555121%32@h", "12155551212", id="percent-escapes"),
        case('"Bob" <sip:+12155551212@h;user=phone>;tag=x', "12155551212", id="name-addr"),
        case('"<sip:1@h>, \\"x\\"" <sip:+12155551212@h>', "12155551212", id="display-name-like-a-uri"),
        case("Bob Smith <tel:+1-215-555-1212>;tag=x", "12155551212", id="display-name-without-quotes"),
        case("tel:+1-215-555-1212;isub=1411;ext=22", "12155551212", id="subaddress-and-extension"),
        case("sip:12155551212;npdi;rn=+12155550000;cic=+1-0288@h", "12155551212", id="portability"),
        case("sip:12155551212;tgrp=tg1;trunk-context=a.example@h", "12155551212", id="trunk-group"),
        case("+12155551212;verstat=TN-Validation-Passed", "12155551212", id="verstat"),
        case("011442071838750", "442071838750", id="011"),
        case("00442071838750", "442071838750", id="00"),
        case("01112155551212", "12155551212", id="011-and-the-own-country"),
        case("442071838750", "442071838750", id="e164-of-another-country-without-plus"),
        case("8801712345678", "8801712345678", id="e164-of-bangladesh-without-plus"),
        case("+8821612345678", "8821612345678", id="a-satellite-number"),
        case("+11234567890", "11234567890", id="plus-and-no-such-area-code"),
        case("6562345678", "16562345678", id="ten-digits-that-singapore-has-too"),
        case("02071838750", "442071838750", plan=GB, id="national-prefix"),
        case("2071838750", "442071838750", plan=GB, id="national-prefix-missing"),
        case("12155551212", "12155551212", plan=GB, id="north-america-without-plus-in-britain"),
        case("0612345678", "33612345678", plan=FR, id="a-french-mobile"),
        case("0033612345678", "33612345678", plan=FR, id="00-and-the-own-country"),
        case("01712345678", "8801712345678", plan=BD, id="a-bangladeshi-mobile"),
        case("84951234567", "74951234567", plan=RU, id="the-russian-prefix-8"),
        case("8104951234567", "4951234567", plan=RU, id="the-russian-prefix-810"),
        case("0612345678", "390612345678", plan=IT, id="an-italian-zero-belongs-to-the-number"),
        case("tel:2155551212;phone-context=+1", "12155551212", id="context-of-the-own-code"),
        case("tel:12155551212;phone-context=%2B1", "12155551212", id="context-said-twice"),
        case("tel:5551212;Phone-Context=+1-215", "12155551212", id="context-with-area-code"),
        case("tel:2071838750;phone-context=+44", "442071838750", id="context-of-another-country"),
        case("tel:+442071838750;phone-context=+1", "442071838750", id="a-global-number-needs-no-context"),
    ],
)
def test_reads_one_number(text: str, plan: NumberPlan, digits: str) -> None:
    assert reading(text, plan) == digits


@pytest.mark.parametrize(
    ("text", "plan", "digits"),
    [
        case("911", "911", id="911"),
        case("sip:911@h;user=phone", "911", id="911-in-a-uri"),
        case("+911", "911", id="911-behind-a-plus"),
        case("tel:911;phone-context=+1", "911", id="911-in-its-context"),
        case("tel:911;phone-context=example.com", "911", id="911-in-anybody's-context"),
        case("112", "112", id="112"),
        case("112", "112", plan=BD, id="112-where-it-is-not-the-local-number"),
        case("911", "911", plan=FR, id="911-dialled-by-a-visitor"),
        case("999", "999", plan=GB, id="999"),
        case("933", "933", id="the-test-number-for-911"),
        case("988", "988", id="988"),
        case("411", "411", id="n11"),
        case("116000", "116000", plan=FR, id="a-european-service"),
        case("*98", "*98", id="a-star-code"),
        case("sip:%2331%23@h", "#31#", id="a-hash-code"),
    ],
)
def test_special_numbers_stay_as_they_are(text: str, plan: NumberPlan, digits: str) -> None:
    assert reading(text, plan) == digits


def test_a_plan_that_allows_it_takes_numbers_longer_than_e164() -> None:
    assert reading("+8801712345678901234", replace(BD, max_length=20)) == "8801712345678901234"


def test_a_plan_says_which_domains_it_covers() -> None:
    plan = replace(US, contexts=frozenset({"example.com"}))
    assert reading("tel:2155551212;phone-context=Example.com", plan) == "12155551212"


def test_a_plan_may_hold_that_bare_numbers_are_national() -> None:
    assert reading("13123456789", replace(CN, written_bare=True)) == "8613123456789"


def test_prefixes_of_a_plan_may_be_overridden() -> None:
    assert reading("9011442071838750", replace(US, international_prefixes=("9011",))) == "442071838750"


def test_there_is_no_plan_of_an_unknown_country() -> None:
    with pytest.raises(ValueError, match="ZZ"):
        NumberPlan.of("ZZ")


def test_a_number_holds_digits_hash_and_star_only() -> None:
    for text in ("", "+1", "1 2", "12\n", "١"):
        with pytest.raises(InvalidNumber):
            TelephoneNumber(text)


def as_written(text: str) -> str:
    """The number as it is written, or the reason for refusing it."""
    try:
        return written_digits(text)
    except InvalidNumber as refused:
        return refused.reason


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("13123456789", "13123456789", id="digits-that-could-be-two-numbers"),
        pytest.param("sip:2001@10.0.0.1", "2001", id="an-extension"),
        pytest.param('"Bob" <sip:+1-215-555-1212;npdi@h;user=phone>', "12155551212", id="decoration-dropped"),
        pytest.param("tel:5551212;phone-context=example.com", "5551212", id="a-context-unknown-here"),
        pytest.param("+44 (0)20 7183 8750", "4402071838750", id="a-national-prefix-left-in-brackets"),
        pytest.param("sip:1234%2312155551212@h", "1234#12155551212", id="a-technical-prefix"),
        pytest.param("sip:alice@example.com", "not-a-number", id="a-name"),
        pytest.param("sip:anonymous@anonymous.invalid", "anonymous", id="anonymous"),
        pytest.param("sip:10.0.0.1", "anonymous", id="no-user-part"),
        pytest.param("", "no-number", id="nothing"),
        pytest.param("+", "no-number", id="a-plus-alone"),
        pytest.param("1215+5551212", "not-a-number", id="a-plus-inside"),
        pytest.param("١٢١", "not-a-number", id="digits-of-another-script"),
    ],
)
def test_a_number_as_it_is_written(text: str, written: str) -> None:
    assert as_written(text) == written


@given(st.text(alphabet="0123456789+*#-.() ", max_size=20), st.sampled_from([US, GB, FR, BD, CN, RU, IT]))
def test_whatever_has_a_canonical_form_can_be_written(text: str, plan: NumberPlan) -> None:
    try:
        canonical_digits(text, plan)
    except InvalidNumber:
        return
    assert written_digits(written_digits(text)) == written_digits(text)


def test_an_error_does_not_repeat_the_number() -> None:
    with pytest.raises(InvalidNumber) as refused:
        canonical("1234567890", US)
    assert "1234567890" not in str(refused.value)


EXAMPLES = [
    (region, example)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE)
    if (example := phonenumbers.example_number_for_type(region, kind)) is not None
]


@given(st.sampled_from(EXAMPLES), st.sampled_from(["US", "GB", "FR", "BD", "CN", "RU", "IT"]))
def test_explicit_numbers_read_the_same_under_every_plan(
    example: tuple[str, phonenumbers.PhoneNumber], country: str
) -> None:
    plan = NumberPlan.of(country)
    e164 = phonenumbers.format_number(example[1], PhoneNumberFormat.E164)
    written = phonenumbers.format_number(example[1], PhoneNumberFormat.INTERNATIONAL)
    dialled = plan.international_prefixes[0] + e164[1:]
    assert {reading(text, plan) for text in (e164, written, dialled)} == {e164[1:]}


@given(st.sampled_from(EXAMPLES))
def test_a_number_at_home_reads_as_the_library_reads_it_or_is_refused(
    example: tuple[str, phonenumbers.PhoneNumber],
) -> None:
    region, number = example
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:]
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    assert reading(national, NumberPlan.of(region)) in (e164, "ambiguous")
    assert reading(e164, NumberPlan.of(region)) in (e164, "ambiguous")


@given(st.from_regex(r"\+?1[0-9]{9,11}", fullmatch=True), st.sampled_from([US, GB, BD, CN]))
def test_the_short_cut_says_what_the_rules_say(text: str, plan: NumberPlan) -> None:
    try:
        expected = tn._by_the_rules(text, plan)
    except InvalidNumber as refused:
        expected = refused.reason
    assert reading(text, plan) == expected


@given(st.text(alphabet="0123456789+*#", max_size=20), st.sampled_from([US, GB, FR, BD, CN, RU, IT]))
def test_what_was_read_reads_the_same_again_with_a_plus(text: str, plan: NumberPlan) -> None:
    try:
        digits = canonical_digits(text, plan)
    except InvalidNumber:
        return
    if len(digits) >= tn.SHORTEST_E164 and digits.isdigit():
        assert reading(f"+{digits}", plan) == digits


PIECES = [
    "sip:",
    "tel:",
    "<",
    ">",
    '"',
    "\\",
    "@",
    ";",
    ":",
    "%2B",
    "%",
    "+",
    "1",
    "215",
    "phone-context=",
    " ",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_text_is_a_number_or_invalid(text: str) -> None:
    reading(text)
    as_written(text)


def test_a_long_text_is_refused_without_delay() -> None:
    for text in ('"' + "\\a" * 100_000, "<" * 100_000, "1" * 100_000, "sip:" + "%" * 100_000 + "@h"):
        assert reading(text) in ("not-a-number", "too-long")
