"""How values are written in files, tables and requests: numbers, prefixes, money, times, durations.

Each type reads what a person writes and writes it back in one form that reads the same wherever it is read: a number
with a "+", a time in UTC, money with its decimals.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationInfo, WithJsonSchema

from gateway.policy.columns import number_key
from gateway.policy.hops import NextHop
from gateway.policy.lists import listed_number
from gateway.rim import Count, Duration, NetworkText
from gateway.stir.tn import InvalidNumber, canonical

MICROS = 1_000_000
"""Micro-units in one unit of money."""

LARGEST = 2**31 - 1
"""Of a count: what an INTEGER of any database holds."""

LAST_MOMENT = 253_402_300_799.0
"""Epoch seconds of the end of the year 9999."""

_DAY = 86_400.0

_is_money = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?").fullmatch
_UNITS = (("h", 3600.0), ("m", 60.0), ("s", 1.0))


def _text(*, is_like: str, write: Callable[[object], str] = str) -> tuple[PlainSerializer, WithJsonSchema]:
    """What a type needs that is text outside: how it is written, and what the description of the API says of it."""
    return (
        PlainSerializer(write, return_type=str, when_used="json-unless-none"),
        WithJsonSchema({"type": "string", "examples": [is_like]}),
    )


def _canonical(text: str, info: ValidationInfo) -> str:
    try:
        digits = canonical(text, info.context["plan"]).digits  # type: ignore[index]
    except InvalidNumber as error:
        raise ValueError(f"not a number: {error.reason}") from None
    number_key(digits)
    return digits


def _listed(text: str, info: ValidationInfo) -> str:
    return listed_number(text, info.context["plan"])  # type: ignore[index]


def _plus(digits: object) -> str:
    return f"+{digits}"


def _micros(value: object) -> int:
    found = _is_money(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write money as text with at most six decimals, like "100.00" or "0.0125"')
    return int(found[1]) * MICROS + int((found[2] or "").ljust(6, "0"))


def money(micros: object) -> str:
    """An amount as it is written: at least two decimals, no more than it needs."""
    whole, part = divmod(int(str(micros)), MICROS)
    return f"{whole}.{f'{part:06}'.rstrip('0').ljust(2, '0')}"


def _duration(seconds: object) -> str:
    value = float(str(seconds))
    for unit, size in _UNITS:
        if value and not value % size:
            return f"{value / size:.0f}{unit}"
    return f"{f'{value * 1000:f}'.rstrip('0').rstrip('.')}ms"


def _moment(value: object, *, day_included: bool = False) -> float:
    if isinstance(value, str):
        value = _read_time(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return bounded(value.timestamp())
    if isinstance(value, date) and not isinstance(value, datetime):
        first = bounded(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp())
        return min(first + day_included * _DAY, LAST_MOMENT)
    raise ValueError('write a day, like "2027-01-31", or a time with its zone, like "2027-01-31T18:00:00Z"')


def bounded(seconds: float) -> float:
    """Epoch seconds, if they can be written as a time; ValueError."""
    if not 0 <= seconds <= LAST_MOMENT:
        raise ValueError("write a time of the years 1970 to 9999")
    return seconds


def _read_time(text: str) -> date | None:
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _end(value: object) -> float:
    return _moment(value, day_included=True)


def moment(seconds: object) -> str:
    """Epoch seconds as they are written: ISO 8601 in UTC."""
    return datetime.fromtimestamp(float(str(seconds)), UTC).isoformat().replace("+00:00", "Z")


def network(value: object) -> str:
    """A network as it is written: that of one address is that address."""
    return str(value).removesuffix("/32" if "." in str(value) else "/128")


def _next_hop(value: object) -> NextHop:
    if not isinstance(value, str):
        raise ValueError('write a next hop as text, like "udp:192.0.2.1:5060"')
    return NextHop.parse(value)


def storable(text: str) -> bool:
    """Whether a database can hold a text, or be asked for it: PostgreSQL knows no NUL, UTF-8 no half of a pair."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""What entries are called by others, and stands in rules: no space, no slash, no colon."""

Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,256}$")]
"""A line for people."""

SmallCount = Annotated[Count, Field(le=LARGEST)]

NumberText = Annotated[str, AfterValidator(_canonical), *_text(is_like="+12155550100", write=_plus)]
"""A telephone number in any form of the policy's country; held as canonical digits (RFC 8224 §8.3)."""

ListedText = Annotated[str, AfterValidator(_listed), *_text(is_like="+12155550100", write=_plus)]
"""A number as lists have it: also one that is none, for garbage callers send them."""

PrefixText = Annotated[str, Field(pattern=r"^\+?[0-9]{1,18}$"), AfterValidator(lambda text: text.lstrip("+"))]
"""The first digits of canonical numbers."""

Money = Annotated[int, BeforeValidator(_micros), *_text(is_like="100.00", write=money)]
"""An amount of money, written as decimal text, held in micro-units."""

Begin = Annotated[float, BeforeValidator(_moment), *_text(is_like="2027-01-01", write=moment)]
"""A time from which on something holds; a day means its first moment, in UTC. Held as epoch seconds."""

End = Annotated[float, BeforeValidator(_end), *_text(is_like="2027-12-31", write=moment)]
"""A time up to which something holds; a day is meant whole."""

Wait = Annotated[Duration, Field(le=_DAY), *_text(is_like="5s", write=_duration)]
"""Seconds, a day at most, written with a unit."""

Network = Annotated[NetworkText, *_text(is_like="192.0.2.0/24", write=network)]
Networks = tuple[Network, ...]
NextHopText = Annotated[NextHop, BeforeValidator(_next_hop), *_text(is_like="udp:192.0.2.1:5060")]
