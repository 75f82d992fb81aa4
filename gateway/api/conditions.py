"""Conditional requests (RFC 9110 §13): an entry's entity tag is the revision it was last changed in.

Whoever changes what it has read sends the tag back in If-Match, so that nobody's change is lost to another's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastapi import Request

from gateway.api.problems import Unfit

_TAG = re.compile(r'"(\d{1,18})"')


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold for a change to be made. must_exist: If-Match: *; create_only: If-None-Match: *."""

    revision: int | None = None
    must_exist: bool = False
    create_only: bool = False


def conditions(request: Request) -> Conditions:
    """The conditions of a request to change an entry; raises Unfit (400, 412) for those that cannot be met or kept."""
    match, none_match = request.headers.get("if-match"), request.headers.get("if-none-match")
    if none_match not in (None, "*"):
        raise Unfit(400, "If-None-Match of a change is *, or is left out")
    if match is not None and none_match is not None:
        raise Unfit(
            412, "If-Match and If-None-Match contradict each other: it cannot be there and not be there"
        )
    if match == "*":
        return Conditions(must_exist=True)
    return Conditions(_revision(match), create_only=none_match == "*")


def etag(revision: int) -> str:
    """The entity tag of an entry that was last changed in this revision."""
    return f'"{revision}"'


def is_known(request: Request, revision: int) -> bool:
    """Whether the client says it has this revision already, so that 304 is answer enough."""
    known = request.headers.get("if-none-match", "")
    return etag(revision) in (tag.strip().removeprefix("W/") for tag in known.split(","))


def _revision(match: str | None) -> int | None:
    if match is None:
        return None
    found = _TAG.fullmatch(match.strip())
    if found is None:
        raise Unfit(412, 'no revision has that tag: send back the ETag of the entry, such as "7"')
    return int(found[1])
