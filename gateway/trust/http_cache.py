"""For how long a certificate need not be asked for again: HTTP's rules (RFC 9111 §4.2), with a floor.

Directives that are missing, that forbid storing or that say less than a day mean a day (ATIS-1000074 §5.3.1).
This file does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

FLOOR = 86_400.0
"""Seconds: 24 h."""

_CEILING = 2**31  # RFC 9111 §1.2.2: what does not fit is taken as this
_IMF_FIXDATE = "%a, %d %b %Y %H:%M:%S GMT"  # RFC 9110 §5.6.7; the obsolete forms count as missing
_is_number = re.compile(r"[0-9]+").fullmatch


def lifetime(headers: Mapping[str, str]) -> float:
    """Seconds from the moment of the answer. headers: names in lower case or matched in any case."""
    granted = _granted(headers)
    return FLOOR if granted is None else max(FLOOR, granted - (_seconds(headers.get("age", "")) or 0.0))


def _granted(headers: Mapping[str, str]) -> float | None:
    """s-maxage before max-age before Expires (§4.2.1): one answer serves many calls, as in a shared cache."""
    said = _directives(headers.get("cache-control", ""))
    for name in ("s-maxage", "max-age"):
        if name in said:
            return _seconds(said[name])
    expires, date = _moment(headers.get("expires", "")), _moment(headers.get("date", ""))
    return None if expires is None or date is None else expires - date


def _directives(cache_control: str) -> dict[str, str]:
    """The directives by name; of one given twice the last counts."""
    pairs = (each.partition("=") for each in cache_control.split(","))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _seconds(text: str) -> float | None:
    """delta-seconds (§1.2.2)."""
    if _is_number(text) is None:
        return None
    return float(_CEILING if len(text) > len(str(_CEILING)) else min(int(text), _CEILING))


def _moment(text: str) -> float | None:
    try:
        return datetime.strptime(f"{text} +0000", f"{_IMF_FIXDATE} %z").timestamp()
    except ValueError:
        return None
