"""What peers and accounts have in common: `lists`, `permits`, `geofence` and `limits`, nested in their entries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, StrictBool, model_validator

from gateway.policy.geofence import Fence
from gateway.policy.limits import Limits
from gateway.policy.lists import Attachment, Party
from gateway.policy.permits import Permits
from gateway.policy.terms import Terms
from gateway.policy.windows import EVERY_DAY, Window
from gateway.rim import Strict
from gateway.store.entry import Entry
from gateway.store.written import Money, Name, PrefixText, SmallCount, Text

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
CountryText = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]

_DAYS = get_args(Day)


class WindowEntry(Strict):
    """When a list applies: days (none: every day), and hours by the clock of `zone`; 22:00 to 06:00 ends the day after."""

    days: tuple[Day, ...] = ()
    """None: every day. A window over midnight belongs to the day it begins on."""
    begin: str = "00:00"
    """Hours and minutes by the clock of the zone."""
    end: str = "00:00"
    """As begin; the same as begin: all day."""
    zone: str = "UTC"
    """A time zone's name, like America/New_York."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.value()
        return self

    def value(self) -> Window:
        """The window it describes."""
        days = frozenset(_DAYS.index(day) for day in self.days) or EVERY_DAY
        return Window(days, self.begin, self.end, self.zone)


class AttachmentEntry(Strict):
    """A list group, as black or white list of the caller's or the callee's numbers."""

    group: Name
    """A list group's name."""
    party: Party
    """Whose number is looked up."""
    kind: Literal["black", "white"]
    """black: its numbers are refused. white: only those of white groups pass."""
    window: WindowEntry | None = None
    """When it applies; left out: always."""

    def value(self) -> Attachment:
        """The attachment it describes."""
        return Attachment(self.group, self.party, self.kind, self.window.value() if self.window else None)


class PermitsEntry(Strict):
    """Which numbers may call and be called, by their first digits."""

    allow_callers: tuple[PrefixText, ...] = ()
    """Only callers that begin so; of allow and deny the longer match wins."""
    deny_callers: tuple[PrefixText, ...] = ()
    """No caller that begins so."""
    allow_callees: tuple[PrefixText, ...] = ()
    """Only called numbers that begin so; of allow and deny the longer match wins."""
    deny_callees: tuple[PrefixText, ...] = ()
    """No called number that begins so."""
    international: StrictBool = True
    """Whether other countries than the peer's own may be called."""
    premium: StrictBool = True
    """Whether premium rate numbers may be called."""
    max_caller_length: Annotated[SmallCount, Field(ge=1)] | None = None
    """Longest caller, in digits; SS_CALLERALLOWLENGTH bounds it too."""

    def value(self) -> Permits:
        """The permits it describes."""
        return Permits(**dict(self))


class FenceEntry(Strict):
    """Countries (ISO 3166) and areas (by name) that calls may come from and go to."""

    allow_source_countries: tuple[CountryText, ...] = ()
    """Only calls from addresses in these countries."""
    deny_source_countries: tuple[CountryText, ...] = ()
    """No call from an address in these countries."""
    allow_caller_countries: tuple[CountryText, ...] = ()
    """Only callers of these countries."""
    deny_caller_countries: tuple[CountryText, ...] = ()
    """No caller of these countries."""
    allow_callee_countries: tuple[CountryText, ...] = ()
    """Only called numbers of these countries."""
    deny_callee_countries: tuple[CountryText, ...] = ()
    """No called number of these countries."""
    allow_callee_areas: tuple[Text, ...] = ()
    """Only called numbers of these areas."""
    deny_callee_areas: tuple[Text, ...] = ()
    """No called number of these areas."""
    allow_caller_areas: tuple[Text, ...] = ()
    """Only callers of these areas."""
    deny_caller_areas: tuple[Text, ...] = ()
    """No caller of these areas."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.value()
        return self

    def value(self) -> Fence:
        """The fence it describes."""
        return Fence(**{name: frozenset(places) for name, places in self})


class LimitsEntry(Strict):
    """How much one owner may use; what is left out is not bounded, 0 allows nothing."""

    concurrent: SmallCount | None = None
    """Calls at the same time."""
    cps: SmallCount | None = None
    """New calls a second."""
    spend_per_day: Money | None = None
    """Money a day, from midnight of `time_zone` on; called numbers without a rate are then refused."""
    rates: Name | None = None
    """The rate table that spend is counted by."""

    def value(self) -> Limits:
        """The limits it describes."""
        return Limits(**dict(self))


class TermsEntry(Entry):
    """An entry with terms."""

    lists: tuple[AttachmentEntry, ...] = ()
    """Black and white list groups that its calls are held against."""
    permits: PermitsEntry = PermitsEntry()
    """First digits that may call and be called."""
    geofence: FenceEntry = FenceEntry()
    """Where its calls may come from and go to."""
    limits: LimitsEntry = LimitsEntry()
    """How much of it at once and a day."""

    def written(self, *, brief: bool = False) -> dict[str, Any]:
        """What it is comes before its terms."""
        found = super().written(brief=brief)
        terms = {name: found.pop(name) for name in TermsEntry.model_fields if name in found}
        return found | terms

    def terms(self) -> Terms:
        """The terms it describes."""
        return Terms(
            tuple(each.value() for each in self.lists),
            self.permits.value(),
            self.geofence.value(),
            self.limits.value(),
        )


def terms_of(row: Mapping[str, Any]) -> Terms:
    """The terms in what a row holds; most are those of other accounts too, and made once."""
    return _terms(json.dumps({name: row[name] for name in TermsEntry.model_fields if name in row}))


@lru_cache(1024)
def _terms(written: str) -> Terms:
    return TermsEntry.model_validate_json(written).terms()
