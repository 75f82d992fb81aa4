"""What a stranger's token claims, read strictly: a claim that is missing or not of its type is no claim.

Claims other than those of its kind are ignored (RFC 8225 §5.2); `shaken` has attest and origid (RFC 8588 §4, §5), `div`
the number that diverted and no `opt` (RFC 8946 §3). Nothing is compared with anything here.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from gateway.stir.claims import ATTESTS, Attest
from gateway.stir.reasons import Reason

MOST_DESTINATIONS = 100
"""Called numbers in one token; a conference by invitation is smaller."""

LONGEST_NUMBER = 32
"""Characters. E.164 has 15 digits, some numbering plans a few more; code that counts with numbers may rely on it."""

_is_tn = re.compile(rf"[0-9#*]{{1,{LONGEST_NUMBER}}}").fullmatch
_is_uuid = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch


class ClaimRefused(ValueError):
    """A claim that cannot be used: the reason, and the claim's name."""

    def __init__(self, reason: Reason, claim: str) -> None:
        super().__init__(f"{claim}: {reason.value}")
        self.reason = reason
        self.claim = claim


class Claims(NamedTuple):
    """The claims of a token, as received: canonical digits, `iat` in epoch seconds.

    attest and origid are a shaken token's, div is a div token's; None in the other.
    """

    orig: str
    dest: tuple[str, ...]
    iat: float
    attest: Attest | None = None
    origid: str | None = None
    div: str | None = None


def read(payload: Mapping[str, Any], ppt: str) -> Claims:
    """The claims of a `shaken` or `div` token; raises ClaimRefused for the first that is not what it should be."""
    orig, dest, iat = _number(payload, "orig"), _dest(payload), _iat(payload)
    if ppt == "div":
        if "opt" in payload:
            raise ClaimRefused(Reason.CLAIM_MALFORMED, "opt")
        return Claims(orig, dest, iat, div=_number(payload, "div"))
    attest = _required(payload, "attest")
    if not isinstance(attest, str) or attest not in ATTESTS:
        raise ClaimRefused(Reason.ATTEST_INVALID, "attest")
    origid = _required(payload, "origid")
    if not isinstance(origid, str) or _is_uuid(origid) is None:
        raise ClaimRefused(Reason.ORIGID_INVALID, "origid")
    return Claims(orig, dest, iat, attest, origid)


def _required(payload: Mapping[str, Any], name: str) -> object:
    if name not in payload:
        raise ClaimRefused(Reason.CLAIM_MISSING, name)
    return payload[name]


def _number(payload: Mapping[str, Any], name: str) -> str:
    """One identity, and it is a number (RFC 8225 §5.2.1; RFC 8946 §8 allows `hi` beside it)."""
    party = _required(payload, name)
    if not isinstance(party, dict) or "uri" in party:
        raise ClaimRefused(Reason.CLAIM_MALFORMED, name)
    return _tn(party.get("tn"), name)


def _dest(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """The called numbers; URIs beside them are not looked at."""
    party = _required(payload, "dest")
    numbers = party.get("tn") if isinstance(party, dict) else None
    if not isinstance(numbers, list) or not 0 < len(numbers) <= MOST_DESTINATIONS:
        raise ClaimRefused(Reason.CLAIM_MALFORMED, "dest")
    return tuple([_tn(number, "dest") for number in numbers])


def _tn(value: object, name: str) -> str:
    if not isinstance(value, str) or _is_tn(value) is None:
        raise ClaimRefused(Reason.CLAIM_MALFORMED, name)
    return value


def _iat(payload: Mapping[str, Any]) -> float:
    """A NumericDate (RFC 7519 §2): a number of seconds, which need not be whole."""
    iat = _required(payload, "iat")
    if isinstance(iat, bool) or not isinstance(iat, (int, float)):
        raise ClaimRefused(Reason.CLAIM_MALFORMED, "iat")
    try:
        return float(iat)
    except OverflowError:  # a whole number beyond all time
        raise ClaimRefused(Reason.CLAIM_MALFORMED, "iat") from None
