"""What the recorder makes of a call's record before it is kept, so that no call pays for it: whose it is, where both parties
are at home, and less of every number where the operator wants it so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gateway import log
from gateway.policy.areas import AreaTable
from gateway.policy.territory import region

_NUMBERS = ("caller", "callee", "caller_dialled", "callee_dialled")
_PARTIES = tuple((party, f"{party}_area", f"{party}_country") for party in ("caller", "callee"))
_IN_PROSE = re.compile(r"\d{7,}")


def named(record: Mapping[str, Any], node: str) -> dict[str, Any]:
    """The record with its node, and with an id that no call of any node shares."""
    token = record.get("call")
    return {**record, "node": node, "id": f"{token}@{node}" if token else None}


def located(record: Mapping[str, Any], areas: AreaTable) -> dict[str, Any]:
    """The record with the area and the country of each party whose number is canonical."""
    found = dict(record)
    for party, area, country in _PARTIES:
        digits = found.get(party)
        if isinstance(digits, str) and digits.isascii() and digits.isdecimal():
            found[area] = areas.name(digits)
            found[country] = region(digits)
    return found


def masked(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with the last digits of every number hidden."""
    hidden = {name: log.mask(str(record[name])) for name in _NUMBERS if record.get(name)}
    if record.get("detail"):
        hidden["detail"] = _IN_PROSE.sub(lambda number: log.mask(number[0]), str(record["detail"]))
    return {**record, **hidden}
