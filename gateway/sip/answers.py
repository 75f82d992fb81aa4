"""Which answer goes with what happened, and the few header lines that say what really works here.

One table for the whole of door 1 (RFC 3261 §21 for the codes and phrases).
"""

from __future__ import annotations

PHRASES = {
    100: "Trying",
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
    513: "Message Too Large",
    603: "Decline",
}

RETRY_AFTER = 5  # seconds: long enough to try another gateway first, short enough to come back soon

# Relayed end to end once a dialog exists; INVITE, ACK, BYE and CANCEL are the call's own.
RELAYED = frozenset({"INVITE", "UPDATE", "INFO", "PRACK"})
METHODS = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK"
ALLOW = f"Allow: {METHODS}"

# Extensions both ends settle between themselves, and which a relay of every message leaves intact.
OPTION_TAGS = frozenset({"100rel", "timer"})

# The next hop of the route is tried on these, on silence and on a broken connection (VOS3000 does the same with us).
TRY_NEXT = frozenset({408, 503})

# Answers of a carrier that would make no sense to the softswitch behind us: it cannot follow or authenticate.
_UNRELAYABLE = {401: (403, "Forbidden"), 407: (403, "Forbidden")}


def phrase(code: int) -> str:
    """The reason phrase of a code of ours."""
    return PHRASES.get(code, "Failure")


def relayed_final(code: int, text: str) -> tuple[int, str, tuple[str, ...]]:
    """How a carrier's refusal reaches the softswitch: code, phrase, and a Reason where the code changed (RFC 3326)."""
    if 300 <= code < 400:
        return 480, PHRASES[480], (f"Reason: SIP;cause={code}",)
    if code in _UNRELAYABLE:
        changed, said = _UNRELAYABLE[code]
        return changed, said, (f"Reason: SIP;cause={code}",)
    return code, text, ()
