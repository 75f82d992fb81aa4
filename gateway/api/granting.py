"""Nobody gives what they do not have: a token or a user can do no more than whoever makes or changes it."""

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
