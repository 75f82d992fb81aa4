"""Nobody gives or takes what they do not have: who makes, changes or ends a token, a user or a session can do as much."""

from __future__ import annotations

from collections.abc import Set

from fastapi import Request

from gateway.access.permissions import Permission
from gateway.api.authorisation import NotAllowed, principal


def check_grant(request: Request, wanted: Set[Permission]) -> None:
    """Raise NotAllowed (403) where whoever asks has less than these permissions."""
    giver = principal(request)
    lacking = wanted - giver.permissions
    if lacking:
        raise NotAllowed(403, "grant-exceeds", f"{giver.who} lacks {', '.join(sorted(lacking))} itself")
