"""Territory: to which country a canonical number belongs, and whether it is premium rate or international there.

A country code often is several countries, and in North America the area code tells them apart: 1-242 is the Bahamas,
242 the Congo. The facts are those of the phonenumbers library, read from its metadata as `numberplan` does. Where the
area code decides it is looked up once and remembered, elsewhere each number is one match of one expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from gateway.stir.numberplan import LONGEST_SHORT_CODE, NANP, NumberPlan, country_code

_NANP_LENGTH = 11
_NO_REGION = "001"
"""What the library calls the region of satellites, international freephone and the like."""

_ONE_COUNTRY: tuple[frozenset[str], ...] = (
    frozenset({"US", "PR", "VI", "GU", "AS", "MP"}),
    frozenset({"FI", "AX"}),
    frozenset({"NO", "SJ"}),
    frozenset({"AU", "CX", "CC"}),
)
"""Territories with an ISO code of their own that are one country with one numbering plan."""


def region(digits: str) -> str | None:
    """The ISO 3166 country of a canonical number; None for one that belongs to no one country.

    That is: short codes and service codes, codes of no country (800, 881, 882, 883, 979), North American numbers that
    are not geographic (1-800, 1-900, 1-5xx). A number that no country of its code knows is of the first of them.
    """
    return None if is_service(digits) else _region(digits)


def _region(digits: str) -> str | None:
    code = country_code(digits)
    return _region_finder(code)(digits) if code else None


def regions(digits: str) -> frozenset[str]:
    """The ISO 3166 countries in which a canonical number may be at home: all of North America for 1-800."""
    one = region(digits)
    if one:
        return frozenset({one})
    code = _code(digits)
    return _regions(code) if code else frozenset()


def is_premium(digits: str) -> bool:
    """Whether calls to a canonical number cost the caller extra (1-900, 979, 44-9xx, ...)."""
    code = _code(digits)
    return code is not None and _premium(code)(digits) is not None


def is_international(digits: str, plan: NumberPlan) -> bool:
    """Whether a canonical number is outside the country of the plan.

    Short codes and service codes are inside, and so are numbers of the plan's code that belong to no one country.
    The United States and their territories are one country.
    """
    if is_service(digits):
        return False
    if not digits.startswith(plan.country_code):
        return True
    country = _region(digits)
    return country is not None and country not in _country(plan.country)


def is_service(digits: str) -> bool:
    """Whether a canonical number has no country code in front: a short code (911) or a service code (*67)."""
    return len(digits) <= LONGEST_SHORT_CODE or digits[0] in "*#"


@cache
def countries() -> frozenset[str]:
    """Every country that `region` may name."""
    return frozenset().union(*(_regions(str(code)) for code in COUNTRY_CODE_TO_REGION_CODE))


@cache
def _country(region: str) -> frozenset[str]:
    return next((group for group in _ONE_COUNTRY if region in group), frozenset({region}))


def _code(digits: str) -> str | None:
    return None if is_service(digits) else country_code(digits)


@cache
def _regions(code: str) -> frozenset[str]:
    return frozenset(COUNTRY_CODE_TO_REGION_CODE[int(code)]) - {_NO_REGION}


@cache
def _region_finder(code: str) -> Callable[[str], str | None]:
    """What finds the region of the numbers of one country code."""
    if code == NANP:
        return _nanp_region
    first, *others = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    if others:
        match = re.compile(f"{code}(?:{_by_region(code)})", re.ASCII).match
        return lambda digits: ((found := match(digits)) and found.lastgroup) or first
    return lambda _: None if first == _NO_REGION else first


def _by_region(code: str) -> str:
    """An expression with a group for each region of a code, in the order in which the library asks them."""
    return "|".join(f"(?P<{data.id}>{_own_numbers(data)})" for data in _metadata(code))


def _own_numbers(data: PhoneMetadata) -> str:
    """The digits by which a region is told from the others of its code; where it has none, all numbers it knows."""
    if data.leading_digits:
        return data.leading_digits
    kinds = (data.fixed_line, data.mobile, data.toll_free, data.premium_rate, data.shared_cost)
    more = (data.personal_number, data.voip, data.pager, data.uan, data.voicemail)
    return f"(?:{'|'.join(_patterns((*kinds, *more)))})$"


def _nanp_region(digits: str) -> str | None:
    return _area_region(digits[1:4]) if len(digits) == _NANP_LENGTH else None


@cache
def _area_region(area: str) -> str | None:
    """The country of a North American area code; all of its numbers are of that country."""
    number = f"{area}2000000"
    for data in _metadata(NANP):
        if data.leading_digits and re.match(data.leading_digits, number):
            return str(data.id)
    for data in _metadata(NANP):
        geographic = "|".join(_patterns((data.fixed_line, data.mobile)))
        if not data.leading_digits and re.fullmatch(geographic, number):
            return str(data.id)
    return None


@cache
def _premium(code: str) -> Callable[[str], re.Match[str] | None]:
    """What says whether a number of this code is one."""
    descriptions = (data.premium_rate for data in _metadata(code))
    patterns = list(_patterns(descriptions))
    if code == NANP:
        patterns.append(r"900\d{7}")  # the area code says it, whether or not there is such an exchange
    return re.compile(f"{code}(?:{'|'.join(patterns)})" if patterns else "(?!)", re.ASCII).fullmatch


def _metadata(code: str) -> Iterator[PhoneMetadata]:
    for name in COUNTRY_CODE_TO_REGION_CODE[int(code)]:
        if name == _NO_REGION:
            data = PhoneMetadata.metadata_for_nongeo_region(int(code))
        else:
            data = PhoneMetadata.metadata_for_region(name)
        if data is not None:
            yield data


def _patterns(descriptions: Iterable[PhoneNumberDesc | None]) -> Iterator[str]:
    found = (each.national_number_pattern for each in descriptions if each is not None)
    yield from dict.fromkeys(pattern for pattern in found if pattern)
