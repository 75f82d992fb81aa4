"""Geofence: the countries and areas that the calls of one peer or account may come from and go to.

Countries are those of the source address, of the caller's number and of the callee's; areas those of the numbers. An
empty allow list allows everything, any other one only what it names; what is denied is denied. What belongs to
no known country is in no deny list, and in no allow list either. `AddressRanges` are the addresses that nobody may
call from. This file does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from gateway.policy.areas import AreaTable
from gateway.policy.columns import Column, Repeated
from gateway.policy.hops import Network
from gateway.policy.networks import NetworkTable, order
from gateway.policy.territory import countries, is_service, region, regions

# ISO 3166 countries without numbers of their own, which addresses may be in all the same.
_WITHOUT_NUMBERS = frozenset({"AQ", "BV", "GS", "HM", "PN", "TF", "UM"})
# What ISO 3166 leaves to its users; some files of addresses name anonymous networks so.
_is_user_assigned = re.compile(r"AA|Q[M-Z]|X[A-Z]|ZZ").fullmatch

_COUNTRIES = tuple(
    f"{rule}_{what}_countries" for rule in ("allow", "deny") for what in ("source", "caller", "callee")
)
_NONE: frozenset[str] = frozenset()

# An end is kept as a whole number of microseconds.
_TICKS = 1_000_000
_FOREVER = 2**64 - 1
_LATEST = 1e12


@dataclass(frozen=True, slots=True)
class Fence:
    """Countries (ISO 3166, "BS") and areas (their names) of one owner; ValueError for a country there is not.

    asks: whether any is named.
    """

    allow_source_countries: frozenset[str] = _NONE
    deny_source_countries: frozenset[str] = _NONE
    allow_caller_countries: frozenset[str] = _NONE
    deny_caller_countries: frozenset[str] = _NONE
    allow_callee_countries: frozenset[str] = _NONE
    deny_callee_countries: frozenset[str] = _NONE
    allow_callee_areas: frozenset[str] = _NONE
    deny_callee_areas: frozenset[str] = _NONE
    allow_caller_areas: frozenset[str] = _NONE
    deny_caller_areas: frozenset[str] = _NONE
    asks: bool = field(init=False, repr=False, compare=False)
    _source: bool = field(init=False, repr=False, compare=False)
    _caller: bool = field(init=False, repr=False, compare=False)
    _callee: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in _COUNTRIES:
            for country in getattr(self, name):
                if not is_country(country):
                    raise ValueError(
                        f"{name}: {country[:40]!r} is no country of ISO 3166; write two capitals, BS"
                    )
        named = {each.name for each in fields(self) if each.init and getattr(self, each.name)}
        object.__setattr__(self, "asks", bool(named))
        for what in ("source", "caller", "callee"):
            object.__setattr__(self, f"_{what}", any(what in name for name in named))


def is_country(text: str) -> bool:
    """Whether a text is the code of a country, or one that ISO 3166 leaves to its users."""
    return text in countries() or text in _WITHOUT_NUMBERS or _is_user_assigned(text) is not None


def refusal(
    fence: Fence, owner: str, source_country: str | None, caller: str | None, callee: str, areas: AreaTable
) -> str | None:
    """The rule by which the owner's fence refuses a call between two canonical numbers, or None.

    source_country: that of the source address, None if unknown. A withheld caller (None) is of no known country or
    area. Short codes and service codes of the callee are at home everywhere.
    """
    rule = _source_refusal(fence, owner, source_country) if fence._source else None
    if rule is None and fence._caller:
        rule = _caller_refusal(fence, owner, caller, areas)
    if rule is None and fence._callee:
        rule = _callee_refusal(fence, owner, callee, areas)
    return rule


def _source_refusal(fence: Fence, owner: str, country: str | None) -> str | None:
    if _outside(fence.allow_source_countries, fence.deny_source_countries, country):
        return f"geofence.source-country:{owner}/{country or 'unknown'}"
    return None


def _caller_refusal(fence: Fence, owner: str, caller: str | None, areas: AreaTable) -> str | None:
    allow, deny = fence.allow_caller_countries, fence.deny_caller_countries
    if (allow or deny) and _country_outside(allow, deny, caller):
        return f"geofence.caller-country:{owner}/{_country_of(caller) or 'unknown'}"
    allow, deny = fence.allow_caller_areas, fence.deny_caller_areas
    if (allow or deny) and _outside(allow, deny, _area_of(caller, areas)):
        return f"geofence.caller-area:{owner}/{_area_of(caller, areas) or 'unknown'}"
    return None


def _callee_refusal(fence: Fence, owner: str, callee: str, areas: AreaTable) -> str | None:
    if is_service(callee):
        return None
    allow, deny = fence.allow_callee_countries, fence.deny_callee_countries
    if (allow or deny) and _country_outside(allow, deny, callee):
        return f"geofence.callee-country:{owner}/{_country_of(callee) or 'unknown'}"
    allow, deny = fence.allow_callee_areas, fence.deny_callee_areas
    if (allow or deny) and _outside(allow, deny, _area_of(callee, areas)):
        return f"geofence.callee-area:{owner}/{_area_of(callee, areas) or 'unknown'}"
    return None


def _country_outside(allow: frozenset[str], deny: frozenset[str], number: str | None) -> bool:
    """As `_outside`; a number of several countries (1-800) is allowed where one of them is, for none can deny it."""
    country = _country_of(number)
    if country is None and number and not allow.isdisjoint(regions(number)):
        return False
    return _outside(allow, deny, country)


def _outside(allow: frozenset[str], deny: frozenset[str], place: str | None) -> bool:
    return place in deny or (bool(allow) and place not in allow)


def _country_of(number: str | None) -> str | None:
    return region(number) if number else None


def _area_of(number: str | None, areas: AreaTable) -> str | None:
    return areas.name(number) if number else None


@dataclass(frozen=True, slots=True)
class AddressRange:
    """Addresses that may not call, the feed that says so, and until when (epoch seconds; None = for good).

    ValueError for an end that is no time.
    """

    network: Network
    feed: str
    until: float | None = None

    def __post_init__(self) -> None:
        if self.until is not None and not 0 <= self.until <= _LATEST:
            raise ValueError(f"until {self.until} is not in seconds since 1970")


class AddressRanges:
    """Finds the range an address lies in; pickles out of band."""

    __slots__ = ("_feeds", "_networks", "_untils")

    def __init__(self, ranges: Iterable[AddressRange]) -> None:
        """A table of these ranges, which may overlap and repeat."""
        ordered = sorted(ranges, key=lambda each: order(each.network))
        self._networks = NetworkTable.of(each.network for each in ordered)
        self._feeds = Repeated.of([each.feed for each in ordered])
        self._untils = Column.of(_ticks(each.until) for each in ordered)

    def __len__(self) -> int:
        return len(self._networks)

    def find(self, address: str, now: float) -> AddressRange | None:
        """The most specific range that holds the address and has not ended; None also for what is no address."""
        for place in self._networks.holding(address):
            if now * _TICKS < self._untils[place]:
                return self._range(place)
        return None

    def _range(self, place: int) -> AddressRange:
        ticks = self._untils[place]
        until = None if ticks == _FOREVER else ticks / _TICKS
        return AddressRange(self._networks[place], self._feeds[place], until)


def _ticks(until: float | None) -> int:
    return _FOREVER if until is None else round(until * _TICKS)
