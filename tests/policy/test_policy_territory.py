"""A country code often is several countries, and the digits behind it tell which."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.territory import countries, is_international, is_premium, is_service, region, regions
from gateway.stir.numberplan import NumberPlan
from gateway.stir.tn import InvalidNumber, canonical_digits

US, CA, GB = NumberPlan.of("US"), NumberPlan.of("CA"), NumberPlan.of("GB")


@pytest.mark.parametrize(
    "digits",
    [
        pytest.param("", id="nothing"),
        pytest.param("911", id="emergency-that-begins-as-india"),
        pytest.param("116000", id="service-that-begins-as-north-america"),
        pytest.param("*67", id="service-code"),
        pytest.param("#31#2125551212", id="service-code-and-number"),
        pytest.param("0442079460018", id="no-country-code"),
        pytest.param("2100000000", id="unassigned-country-code"),
        pytest.param("8816123456789", id="881-satellite"),
        pytest.param("882161234567", id="882-networks"),
        pytest.param("88351001234567", id="883-networks"),
        pytest.param("979112345678", id="979-premium"),
        pytest.param("80012345678", id="800-international-freephone"),
        pytest.param("18005551212", id="1-800-freephone"),
        pytest.param("18885551212", id="1-888-freephone"),
        pytest.param("19005551212", id="1-900-premium"),
        pytest.param("15005551212", id="1-500-personal"),
        pytest.param("15335551212", id="1-533-personal"),
        pytest.param("12115551212", id="1-211-no-area"),
        pytest.param("1242555121", id="1-242-a-digit-short"),
        pytest.param("124255512120", id="1-242-a-digit-too-many"),
    ],
)
def test_a_number_of_no_one_country_has_no_region(digits: str) -> None:
    assert region(digits) is None


@pytest.mark.parametrize(
    ("digits", "country"),
    [
        pytest.param("12425551212", "BS", id="1-242-bahamas"),
        pytest.param("242055512345", "CG", id="242-congo"),
        pytest.param("12465551212", "BB", id="1-246-barbados"),
        pytest.param("246387123", "IO", id="246-diego-garcia"),
        pytest.param("18095551212", "DO", id="1-809-dominican-republic"),
        pytest.param("18295551212", "DO", id="1-829-dominican-republic"),
        pytest.param("18495551212", "DO", id="1-849-dominican-republic"),
        pytest.param("18765551212", "JM", id="1-876-jamaica"),
        pytest.param("16585551212", "JM", id="1-658-jamaica"),
        pytest.param("14735551212", "GD", id="1-473-grenada"),
        pytest.param("17875551212", "PR", id="1-787-puerto-rico"),
        pytest.param("13405551212", "VI", id="1-340-virgin-islands"),
        pytest.param("12845551212", "VG", id="1-284-british-virgin-islands"),
        pytest.param("12125551212", "US", id="1-212-new-york"),
        pytest.param("14165551212", "CA", id="1-416-toronto"),
        pytest.param("77172123456", "KZ", id="7-717-kazakhstan"),
        pytest.param("77012345678", "KZ", id="7-701-kazakhstan-mobile"),
        pytest.param("74951234567", "RU", id="7-495-moscow"),
        pytest.param("441481960194", "GG", id="44-1481-guernsey"),
        pytest.param("441534760194", "JE", id="44-1534-jersey"),
        pytest.param("441624756789", "IM", id="44-1624-isle-of-man"),
        pytest.param("442079460018", "GB", id="44-20-london"),
        pytest.param("448001111111", "GB", id="44-800-freephone-of-the-country"),
        pytest.param("445999999999", "GB", id="44-5999-nobody-knows-it"),
        pytest.param("390669812345", "VA", id="39-06698-vatican"),
        pytest.param("390612345678", "IT", id="39-06-rome"),
        pytest.param("35818123456", "AX", id="358-18-aland"),
        pytest.param("33123456789", "FR", id="33-one-country"),
    ],
)
def test_the_digits_behind_the_country_code_tell_the_country(digits: str, country: str) -> None:
    assert region(digits) == country
    assert regions(digits) == {country}


@pytest.mark.parametrize(
    ("digits", "some"),
    [
        pytest.param("18005551212", {"US", "CA", "BS", "PR"}, id="all-of-north-america"),
        pytest.param("8816123456789", set(), id="satellite"),
        pytest.param("80012345678", set(), id="international-freephone"),
        pytest.param("911", set(), id="short-code"),
    ],
)
def test_a_number_of_several_countries_may_be_at_home_in_each(digits: str, some: set[str]) -> None:
    assert regions(digits) >= some
    assert bool(regions(digits)) is bool(some)


@pytest.mark.parametrize(
    "digits",
    [
        pytest.param("900", id="900-alone"),
        pytest.param("12125551212", id="new-york"),
        pytest.param("12425551212", id="1-242-costs-no-premium"),
        pytest.param("18005551212", id="1-800-freephone"),
        pytest.param("80012345678", id="800-freephone"),
        pytest.param("8816123456789", id="881-satellite"),
        pytest.param("900123456789", id="no-such-country-as-900"),
        pytest.param("905321234567", id="turkey-begins-with-90"),
        pytest.param("442079460018", id="london"),
        pytest.param("*9005551212", id="service-code"),
    ],
)
def test_an_ordinary_number_is_not_premium(digits: str) -> None:
    assert not is_premium(digits)


@pytest.mark.parametrize(
    "digits",
    [
        pytest.param("19005551212", id="1-900"),
        pytest.param("19001001212", id="1-900-without-such-an-exchange"),
        pytest.param("979112345678", id="979-international-premium"),
        pytest.param("449012345678", id="44-901"),
        pytest.param("499001234567", id="49-900"),
        pytest.param("78091234567", id="7-809"),
        pytest.param("12469765123", id="1-246-976-of-barbados"),
    ],
)
def test_a_premium_number_is_premium(digits: str) -> None:
    assert is_premium(digits)


@pytest.mark.parametrize(
    ("digits", "plan"),
    [
        pytest.param("12125551212", US, id="us-to-us"),
        pytest.param("17875551212", US, id="us-to-puerto-rico"),
        pytest.param("16715551212", US, id="us-to-guam"),
        pytest.param("12125551212", NumberPlan.of("PR"), id="puerto-rico-to-us"),
        pytest.param("13405551212", NumberPlan.of("PR"), id="puerto-rico-to-virgin-islands"),
        pytest.param("18005551212", US, id="us-to-freephone"),
        pytest.param("18005551212", CA, id="canada-to-freephone"),
        pytest.param("19005551212", CA, id="canada-to-premium"),
        pytest.param("911", US, id="short-code"),
        pytest.param("988", CA, id="crisis-line"),
        pytest.param("116000", GB, id="service-code-abroad-alike"),
        pytest.param("*67", US, id="service-code"),
        pytest.param("442079460018", GB, id="gb-to-gb"),
        pytest.param("35818123456", NumberPlan.of("FI"), id="finland-to-aland"),
    ],
)
def test_a_number_of_the_plans_own_country_is_domestic(digits: str, plan: NumberPlan) -> None:
    assert not is_international(digits, plan)


@pytest.mark.parametrize(
    ("digits", "plan"),
    [
        pytest.param("12125551212", CA, id="canada-to-us"),
        pytest.param("14165551212", US, id="us-to-canada"),
        pytest.param("12425551212", US, id="us-to-bahamas"),
        pytest.param("14735551212", US, id="us-to-grenada"),
        pytest.param("17875551212", CA, id="canada-to-puerto-rico"),
        pytest.param("242055512345", US, id="us-to-congo"),
        pytest.param("77012345678", NumberPlan.of("RU"), id="russia-to-kazakhstan"),
        pytest.param("441481960194", GB, id="gb-to-guernsey"),
        pytest.param("8816123456789", US, id="881-satellite"),
        pytest.param("882161234567", US, id="882-networks"),
        pytest.param("88351001234567", US, id="883-networks"),
        pytest.param("979112345678", US, id="979-premium"),
        pytest.param("80012345678", US, id="800-international-freephone"),
        pytest.param("2100000000", US, id="unassigned-country-code"),
    ],
)
def test_any_other_number_is_international(digits: str, plan: NumberPlan) -> None:
    assert is_international(digits, plan)


@pytest.mark.parametrize(
    ("digits", "service"),
    [("911", True), ("116000", True), ("*67", True), ("#31#2125551212", True), ("1212555", False)],
)
def test_a_service_code_has_no_country_code(digits: str, service: bool) -> None:
    assert is_service(digits) is service


EXAMPLES = [
    f"{example.country_code}{example.national_number}"
    for country in sorted(
        phonenumbers.SUPPORTED_REGIONS - {"IT", "VA", "SM"}
    )  # their zeros are kept elsewhere
    for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    if (example := phonenumbers.example_number_for_type(country, kind)) is not None
]


@pytest.mark.parametrize("digits", EXAMPLES)
def test_the_library_knows_the_same_country_for_its_own_examples(digits: str) -> None:
    parsed = phonenumbers.parse(f"+{digits}")
    assert region(digits) == phonenumbers.region_code_for_number(parsed)


@given(st.sampled_from(EXAMPLES), st.integers(0, 999))
def test_the_library_knows_the_same_country_for_numbers_near_its_examples(example: str, tail: int) -> None:
    digits = f"{example[:-3]}{tail:03}"
    theirs = phonenumbers.region_code_for_number(phonenumbers.parse(f"+{digits}"))
    ours = region(digits)
    if digits.startswith("1"):
        assert theirs in (ours, None) or ours is None  # the library gives all 1-800 to the first country
    elif theirs is not None:
        assert ours == theirs


@given(st.from_regex(r"[0-9*#]{0,18}", fullmatch=True))
def test_any_digits_are_of_a_known_country_or_of_none(digits: str) -> None:
    country = region(digits)
    assert country is None or country in countries()
    assert is_premium(digits) in (True, False)
    assert is_international(digits, US) in (True, False)


@given(st.from_regex(r"\+1[2-9][0-9]{9}", fullmatch=True))
def test_what_is_at_home_in_a_country_is_not_international_there(text: str) -> None:
    try:
        digits = canonical_digits(text, US)
    except InvalidNumber:
        return
    country = region(digits)
    if country:
        assert not is_international(digits, NumberPlan.of(country))
