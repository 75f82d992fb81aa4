"""The entries of VOS3000's number management, of money and of addresses, and the pure values they become."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_network
from typing import Annotated, Any, Self

from pydantic import Field

from gateway.policy.areas import Area
from gateway.policy.authorisations import Authorisation
from gateway.policy.blocks import BY_HAND
from gateway.policy.columns import key_digits, number_key
from gateway.policy.geofence import AddressRange
from gateway.policy.lists import ListGroup, Party
from gateway.policy.numbersets import NumberSet
from gateway.policy.parameters import Parameters
from gateway.policy.rates import Rate
from gateway.policy.sections import NumberSection
from gateway.policy.transform import Transform
from gateway.store.entry import PureEntry, Row
from gateway.store.written import (
    Begin,
    End,
    ListedText,
    Money,
    Name,
    Network,
    NumberText,
    PrefixText,
    SmallCount,
    Text,
    money,
    network,
)

Required = Annotated[Text, Field(min_length=1)]


class _RangeEntry(PureEntry):
    """Numbers from `begin` to `end`, kept as their keys, so that the database compares them as we do."""

    name: Required
    """What it is called; rules and the call log name it."""
    begin: NumberText
    """The first number, in any form of the policy's country."""
    end: NumberText
    """The last number, itself included."""
    account: Name
    """The id of the account they belong to."""

    def row(self) -> Row:
        return self.written() | {"begin": number_key(self.begin), "end": number_key(self.end)}

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        ends = {end: f"+{key_digits(row[end])}" for end in ("begin", "end")}
        return super().of_row({**row, **ends})


class SectionEntry(_RangeEntry):
    """One `[[number-sections]]` entry: whose numbers these are."""

    def value(self) -> NumberSection:
        """The section it describes."""
        return NumberSection(self.begin, self.end, self.account, self.name)

    @classmethod
    def value_of(cls, row: Mapping[str, Any]) -> NumberSection:
        return NumberSection(key_digits(row["begin"]), key_digits(row["end"]), row["account"], row["name"])


class AuthorisationEntry(_RangeEntry):
    """One `[[authorisations]]` entry: a letter by which an account may use numbers of somebody else's, for a time."""

    valid_from: Begin | None = None
    """From when on, a day or a time; left out: since ever."""
    valid_until: End | None = None
    """Until when, a day meant whole; left out: for good."""

    def value(self) -> Authorisation:
        """The letter it describes."""
        return Authorisation(self.name, self.account, self.begin, self.end, self.valid_from, self.valid_until)

    @classmethod
    def value_of(cls, row: Mapping[str, Any]) -> Authorisation:
        return Authorisation(
            row["name"],
            row["account"],
            key_digits(row["begin"]),
            key_digits(row["end"]),
            _seconds(row["valid_from"]),
            _seconds(row["valid_until"]),
        )


class AreaEntry(PureEntry):
    """One `[[areas]]` entry: numbers that begin so belong there."""

    prefix: PrefixText
    """The first digits of canonical numbers; the longest match wins."""
    name: Required
    """As the geofence and the call log name it."""

    @property
    def key(self) -> str:
        """Its prefix."""
        return self.prefix

    def value(self) -> Area:
        """The area it describes."""
        return Area(self.prefix, self.name)

    @classmethod
    def value_of(cls, row: Mapping[str, Any]) -> Area:
        return Area(row["prefix"], row["name"])


class TransformEntry(PureEntry):
    """One `[[number-transforms]]` entry: how the numbers of a peer's calls are rewritten before anything looks at them."""

    peer: Name
    """The peer whose calls it rewrites."""
    party: Party
    """Whose number: the caller's or the called one."""
    original: Text
    """First digits as dialled; `?` is one digit, `*` alone matches what nothing else does."""
    target: Text
    """What takes their place; `*` stands for the number, and nothing takes the digits away."""

    @property
    def key(self) -> str:
        """Whose numbers it rewrites, and which."""
        return f"{self.peer}:{self.party}:{self.original}"

    def value(self) -> Transform:
        """The transform it describes."""
        return Transform(self.peer, self.party, self.original, self.target)


class ListGroupEntry(PureEntry):
    """One `[[list-groups]]` entry. Without `numbers` the group keeps those it has; they are never told with the entry."""

    name: Name
    """What peers and accounts attach it by."""
    memo: Text = ""
    """A note for people."""
    numbers: Annotated[tuple[ListedText, ...] | None, Field(exclude=True)] = None
    """Every number of the group, in full; left out: those it has."""

    def value(self) -> ListGroup:
        """The group it describes, without numbers."""
        return ListGroup(self.name, self.memo, NumberSet.of(()))


class WhitelistEntry(PureEntry):
    """One `[[system-whitelist]]` entry: a number that no list refuses."""

    number: ListedText
    """In any form of the policy's country; no wildcard."""
    memo: Text = ""
    """A note for people."""

    @property
    def key(self) -> str:
        """Its digits."""
        return self.number

    def row(self) -> Row:
        return self.written() | {"number": self.number}

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        return super().of_row({**row, "number": f"+{row['number']}"})

    def value(self) -> str:
        """The number's digits."""
        return self.number

    @classmethod
    def value_of(cls, row: Mapping[str, Any]) -> str:
        return str(row["number"])


class RateEntry(PureEntry):
    """One `[[rates]]` entry: what a minute to numbers that begin so costs, charged in whole increments (seconds)."""

    table: Name
    """The rate table it belongs to; `limits.rates` of an account or a peer names one."""
    prefix: Annotated[str, Field(pattern=r"^[0-9]{0,18}$")]
    """The first digits of canonical numbers; empty: every other number."""
    per_minute: Money
    """Money, with at most six decimals."""
    increment: Annotated[SmallCount, Field(ge=1)] = 60
    """Seconds that are charged at once."""

    @property
    def key(self) -> str:
        """Its table and prefix."""
        return f"{self.table}:{self.prefix}"

    def row(self) -> Row:
        return self.written() | {"per_minute": self.per_minute}

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        return super().of_row({**row, "per_minute": money(row["per_minute"])})

    def value(self) -> Rate:
        """The rate it describes."""
        return Rate(self.table, self.prefix, self.per_minute, self.increment)

    @classmethod
    def value_of(cls, row: Mapping[str, Any]) -> Rate:
        return Rate(row["table"], row["prefix"], row["per_minute"], row["increment"])


class AddressRangeEntry(PureEntry):
    """One `[[address-ranges]]` entry: addresses that no call is taken from, who says so, and until when."""

    network: Network
    """An address or a network."""
    feed: Name = BY_HAND
    """Who says so."""
    until: End | None = None
    """Until when, a day meant whole; left out: for good by hand, else for SS_SIP_DYNAMIC_BLACKLIST_EXPIRE."""

    @property
    def key(self) -> str:
        """Its feed and network."""
        return f"{self.feed}:{network(self.network)}"

    def completed(self, parameters: Parameters, now: float) -> Self:
        """A feed's range lasts SS_SIP_DYNAMIC_BLACKLIST_EXPIRE where it names no end; one by hand lasts for good."""
        if self.until is not None or self.feed == BY_HAND:
            return self
        return self.model_copy(update={"until": now + parameters.sip_blacklist_expire})

    def value(self) -> AddressRange:
        """The range it describes."""
        return AddressRange(self.network, self.feed, self.until)

    @classmethod
    def value_of(cls, row: Mapping[str, Any]) -> AddressRange:
        return AddressRange(ip_network(row["network"]), row["feed"], _seconds(row["until"]))


@lru_cache(1024)
def _seconds(text: str | None) -> float | None:
    """Of a time in a column; many entries have the same."""
    return None if text is None else datetime.fromisoformat(text).timestamp()
