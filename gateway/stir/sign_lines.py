"""Signing one JSON line after another: a line in, a line out, whatever the line holds.

    {"orig": "+12155551212", "dest": ["12155551213"], "attest": "A", "iat"?: 1471375418, "origid"?: "<uuid>"}
    -> {"identity": "<token>;info=<x5u>;alg=ES256;ppt=shaken"}
    -> {"error": {"field": "dest", "reason": "ambiguous"}}       for a request that cannot be signed

Numbers are read as `tn.canonical` reads them. The clock and the source of UUIDs are the caller's.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from gateway.stir.claims import InvalidClaims, ShakenClaims
from gateway.stir.identity import build
from gateway.stir.lines import InvalidRequest, read
from gateway.stir.passport import Signer
from gateway.stir.tn import InvalidNumber, NumberPlan, canonical_digits

MAX_LINE = 65_536
"""Bytes: some thousands of destinations."""

_FIELDS = frozenset({"orig", "dest", "attest", "iat", "origid"})


def sign_lines(
    lines: Iterable[bytes], signer: Signer, plan: NumberPlan, now: int, new_origid: Callable[[], str]
) -> list[bytes]:
    """The answers to some request lines, in order, without line ends; a bad one is answered, never raised.

    now: seconds since 1970, the iat of a request without one. new_origid: gives a UUID for one without.
    All claims are made before the first signature: taking turns, each evicts the other from the processor's
    cache, and a line costs a twentieth more. So hand in as many lines as are there, some 64 at least.
    """
    requests = [_claims_or_error(line, plan, now, new_origid) for line in lines]
    return [
        _identity(request, signer) if isinstance(request, ShakenClaims) else request for request in requests
    ]


def sign_line(
    line: bytes, signer: Signer, plan: NumberPlan, now: int, new_origid: Callable[[], str]
) -> bytes:
    """The answer to a single request line: see `sign_lines`."""
    return sign_lines((line,), signer, plan, now, new_origid)[0]


def _claims_or_error(
    line: bytes, plan: NumberPlan, now: int, new_origid: Callable[[], str]
) -> ShakenClaims | bytes:
    try:
        return _claims(read(line, _FIELDS, MAX_LINE), plan, now, new_origid)
    except (InvalidRequest, InvalidClaims) as error:
        return json.dumps({"error": {"field": error.field, "reason": error.reason}}).encode("ascii")


def _identity(claims: ShakenClaims, signer: Signer) -> bytes:
    # Nothing in an Identity value that we build needs escaping in JSON.
    return f'{{"identity":"{build(signer.sign(claims), signer.x5u)}"}}'.encode("ascii")


def _claims(
    request: dict[str, Any], plan: NumberPlan, now: int, new_origid: Callable[[], str]
) -> ShakenClaims:
    dest = request.get("dest")
    if not isinstance(dest, list):
        raise InvalidRequest("dest", "not-a-list")
    return ShakenClaims(
        attest=request.get("attest", ""),
        dest=tuple([_number("dest", called, plan) for called in dest]),
        iat=request.get("iat", now),
        orig=_number("orig", request.get("orig"), plan),
        origid=request["origid"] if "origid" in request else new_origid(),
    )


def _number(field: str, text: object, plan: NumberPlan) -> str:
    if not isinstance(text, str):
        raise InvalidRequest(field, "not-a-string")
    try:
        return canonical_digits(text, plan)
    except InvalidNumber as error:
        raise InvalidRequest(field, error.reason) from error
