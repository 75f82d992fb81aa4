"""The 3GPP dialect: the Ms reference point of TS 24.229 Annex V, on the paths that ATIS-1000082 uses.

`is_spoken` tells the dialects apart, and nothing else does. What a plain signing request of either leaves open is
answered in both (`atis`).

Served here: shaken, signed and verified, and div verified. Departures, with why
    identityHeader absent   is a heartbeat or an unsigned call, as in the other dialect
    to, dest, from          take tn or uri, a string or an array: releases differ
    uri                     is read for the number in it; a uri cannot be signed, for it becomes another claim
    time                    decides nothing, as in the other dialect
    protectedHeaders, displayName, profileId   are taken and not used
    validClaims             are the claims that were judged; others in the token are nobody's to believe
    div-, rphSigning, div-, rphVerification    older releases' paths are not there: 404
"""

from __future__ import annotations

from typing import Any

PATHS = frozenset({"/divSigning", "/rphSigning", "/divVerification", "/rphVerification"})
"""Resources that only this dialect ever had."""

_OWN = frozenset(
    {"identityHeader", "identityHeaders", "requestId", "profileId", "div", "rph", "sph"}
    | {"protectedHeaders", "displayName"}
)
_PARTIES = ("orig", "from", "to", "dest")


def is_spoken(body: object) -> bool:
    """Whether a request is of this dialect: it has a field of its own, a uri, or a callee that is no list.

    body: whatever JSON came; False for what cannot be told.
    """
    signing, verification = _members(body, "signingRequest"), _members(body, "verificationRequest")
    return (
        not _OWN.isdisjoint(signing.keys() | verification.keys())
        or "dest" in verification
        or isinstance(_members(verification, "to").get("tn"), str)
        or any("uri" in _members(request, party) for request in (signing, verification) for party in _PARTIES)
    )


def _members(value: object, name: str) -> dict[str, Any]:
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, dict) else {}
