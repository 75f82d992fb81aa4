"""Numbering plans: which digits are a number, where, and how they are dialled there.

The knowledge is that of the phonenumbers library; this module reads the library's metadata instead of
calling its parser, because the parser guesses (it repairs, it falls back) and takes 100 µs. The rules for
reading digits stand in `tn`; here are only the facts those rules ask for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

NANP = "1"
"""Country code of the North American plan, the one plan of a single length: always ten digits after it."""

EVERYWHERE = frozenset({"112", "911"})
"""Emergency in every plan: mobile phones send these two wherever they are (3GPP TS 22.101 §10.1)."""

LONGEST_SHORT_CODE = 6

_NANP_NUMBER = re.compile(r"[2-9][0-9]{9}")
_NANP_SHORT_CODE = re.compile(r"[2-9]11|112|933|988")
_LITERAL_PREFIX = re.compile(r"[0-9]+")
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """How one country writes and dials numbers; `of` derives it from the country alone.

    country: ISO 3166 region ("US"). country_code: its E.164 code ("1").
    national_prefix: what precedes a national number ("0", "1", or "" where nothing does).
    international_prefixes: what precedes an E.164 number dialled from there, as literal digits.
    written_bare: a national number normally comes without a prefix of its own, so that bare digits which
        are also somebody's E.164 are national (true in North America and where there is no prefix).
    max_length: longest number accepted, in digits; E.164 says 15, portability prefixes need more.
    contexts: domains, in lower case, whose local numbers (`;phone-context=example.com`) follow this plan.
    """

    country: str
    country_code: str
    national_prefix: str
    international_prefixes: tuple[str, ...]
    written_bare: bool
    max_length: int = 15
    contexts: frozenset[str] = frozenset()

    @staticmethod
    @cache
    def of(country: str) -> "NumberPlan":
        """The plan of an ISO region, with the library's prefixes; change a field with `dataclasses.replace`.

        ValueError if there is no such region.
        """
        metadata = PhoneMetadata.metadata_for_region(country)
        if metadata is None:
            raise ValueError(f"no numbering plan for country {country!r}")
        code, prefix = str(metadata.country_code), metadata.national_prefix or ""
        return NumberPlan(
            country=country,
            country_code=code,
            national_prefix=prefix,
            international_prefixes=tuple(dict.fromkeys(_international_prefixes(metadata))),
            written_bare=prefix in ("", code),
        )

    def is_national(self, digits: str) -> bool:
        """Whether the digits are a national number of this plan, written without its prefix."""
        return fits(self.country_code, digits)

    def is_emergency(self, digits: str) -> bool:
        """Whether the digits, as dialled, call for help in this country."""
        if len(digits) > LONGEST_SHORT_CODE:
            return False
        return digits in EVERYWHERE or _short_codes(self.country).emergency.fullmatch(digits) is not None

    def is_short_code(self, digits: str) -> bool:
        """Whether the digits are a service number of this country (N11, 988, 116000); text codes are not."""
        if len(digits) > LONGEST_SHORT_CODE:
            return False
        if self.country_code == NANP:
            return _NANP_SHORT_CODE.fullmatch(digits) is not None
        codes = _short_codes(self.country)
        return codes.services.fullmatch(digits) is not None and codes.texting.fullmatch(digits) is None


def country_code(digits: str) -> str | None:
    """The assigned country code that the digits begin with, or None; codes are prefix-free (E.164 §6)."""
    return _country_code(digits[:3])


@lru_cache(1000)
def _country_code(digits: str) -> str | None:
    return next((digits[:length] for length in (1, 2, 3) if digits[:length] in _COUNTRY_CODES), None)


def fits(code: str, national: str) -> bool:
    """Whether `national` has the shape of a number in any of the regions that share the country code."""
    return _shape(code).fullmatch(national) is not None


def is_e164(digits: str) -> bool:
    """Whether the digits are a country code and a number that fits it."""
    code = country_code(digits)
    return code is not None and fits(code, digits[len(code) :])


def keeps_trunk_prefix(code: str, national: str) -> bool:
    """Whether a national prefix was left inside an E.164 number: "0" in 44 0 20 7183 8750."""
    return any(
        bool(prefix) and national.startswith(prefix) and fits(code, national.removeprefix(prefix))
        for prefix in _trunk_prefixes(code)
    )


_COUNTRY_CODES = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


def _regions(code: str) -> Iterator[PhoneMetadata]:
    for region in COUNTRY_CODE_TO_REGION_CODE[int(code)]:
        if region == "001":  # satellite, freephone and the like belong to no region
            metadata = PhoneMetadata.metadata_for_nongeo_region(int(code))
        else:
            metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is not None:
            yield metadata


@cache
def _shape(code: str) -> re.Pattern[str]:
    if code == NANP:
        return _NANP_NUMBER
    patterns = (_pattern(metadata.general_desc).pattern for metadata in _regions(code))
    return re.compile("|".join(patterns), re.ASCII)


@cache
def _trunk_prefixes(code: str) -> frozenset[str]:
    return frozenset(metadata.national_prefix or "" for metadata in _regions(code))


class _ShortCodes(NamedTuple):
    emergency: re.Pattern[str]
    services: re.Pattern[str]
    texting: re.Pattern[str]


@cache
def _short_codes(country: str) -> _ShortCodes:
    metadata = PhoneMetadata.short_metadata_for_region(country)
    if metadata is None:
        return _ShortCodes(_NEVER, _NEVER, _NEVER)
    return _ShortCodes(*map(_pattern, (metadata.emergency, metadata.short_code, metadata.sms_services)))


def _pattern(numbers: PhoneNumberDesc | None) -> re.Pattern[str]:
    if numbers is None or numbers.national_number_pattern is None:
        return _NEVER
    return re.compile(numbers.national_number_pattern, re.ASCII)


def _international_prefixes(metadata: PhoneMetadata) -> Iterator[str]:
    """The literal prefix of the country, where it has one, and "00", which ITU-T E.123 recommends to all."""
    for prefix in (metadata.international_prefix, metadata.preferred_international_prefix):
        if prefix and _LITERAL_PREFIX.fullmatch(prefix):
            yield prefix
    yield "00"
