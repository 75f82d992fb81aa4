"""Emergency numbers: a call to one passes every check, whatever else is wrong with it."""

from __future__ import annotations

import re

from gateway.policy.peers import Peer
from gateway.stir.tn import TelephoneNumber

# Emergency in North America, in most of the world, and the North American test number for 911.
STANDARD = frozenset({"911", "112", "933"})

_DECORATION = re.compile(r"^(?:.*<)?(?:sips?:|tel:)?|[;@>].*$|[-+. ()]", re.IGNORECASE | re.DOTALL)
_DIALLED = re.compile(r"[0-9*#]{2,15}")


def emergency_number(dialled: str, peer: Peer) -> TelephoneNumber | None:
    """The emergency number that was dialled, or None if it is none.

    Judged before any rewriting: a standard number, one of the peer's country, or one of the peer's own list.
    """
    digits = bare_digits(dialled)
    if not _DIALLED.fullmatch(digits):
        return None
    if digits in STANDARD or digits in peer.emergency or peer.plan.is_emergency(digits):
        return TelephoneNumber(digits)
    return None


def bare_digits(dialled: str) -> str:
    """A dialled number or URI without decoration, and without a country (RFC 8224 §8.3 exempts these)."""
    return _DECORATION.sub("", dialled)
