"""What an Identity header or a PASSporT says, and everything that is odd about it, without any key.

Inspection never fails: a value that cannot be read yields remarks instead. It decides nothing; whether a
call is to be believed is for verification to say. Each remark names the clause it rests on.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gateway.stir import identity, passport, x5u
from gateway.stir.claims import ATTESTS
from gateway.stir.identity import IdentityHeader, InvalidIdentity
from gateway.stir.passport import InvalidPassport, Passport

Json = Mapping[str, Any]

_NAME = re.compile(r"\s*(?:Identity|y)\s*:\s*", re.IGNORECASE)
_TN = re.compile(r"[0-9*#]{1,15}")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What could be read, and the remarks on it; `issued_at` is iat in UTC."""

    header: Json | None
    claims: Json | None
    parameters: Json
    issued_at: str | None
    remarks: tuple[str, ...]


def inspect(text: str) -> Inspection:
    """Take an Identity header (its name optional), an Identity value or a bare token apart."""
    value = _NAME.sub("", text, count=1).strip()
    outside, remarks = _outside(value)
    token = outside.token if outside else value.partition(";")[0].strip()
    try:
        inside = passport.parse(token)
    except InvalidPassport as error:
        return Inspection(None, None, _parameters(outside), None, (*remarks, _unreadable(error)))
    return Inspection(
        header=inside.header,
        claims=inside.payload,
        parameters=_parameters(outside),
        issued_at=_issued_at(inside.payload),
        remarks=(*remarks, *_remarks(inside), *(_disagreements(outside, inside) if outside else ())),
    )


def _outside(value: str) -> tuple[IdentityHeader | None, tuple[str, ...]]:
    """The header value around the token, unless `value` is a token alone."""
    if ";" not in value:
        return None, ()
    try:
        return identity.parse(value), ()
    except InvalidIdentity as error:
        return None, (f"the Identity value is malformed: {error.reason} (RFC 8224 §4)",)


def _parameters(outside: IdentityHeader | None) -> dict[str, Any]:
    if outside is None:
        return {}
    known = {"info": outside.info, "alg": outside.alg, "ppt": outside.ppt}
    return {name: value for name, value in known.items() if value is not None} | dict(outside.parameters)


def _unreadable(error: InvalidPassport) -> str:
    if error.reason == "compact-form":
        return "the token is in compact form; SHAKEN uses the full form only (RFC 8588 §3)"
    return f"the token is unreadable: {error.reason} (RFC 8225 §6)"


def _issued_at(claims: Json) -> str | None:
    try:
        return datetime.fromtimestamp(int(claims["iat"]), UTC).isoformat()
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def _disagreements(outside: IdentityHeader, inside: Passport) -> Iterator[str]:
    for parameter, given, claim in (
        ("info", outside.info, "x5u"),
        ("alg", outside.alg, "alg"),
        ("ppt", outside.ppt, "ppt"),
    ):
        if given is not None and given != inside.header.get(claim):
            yield f"{parameter}={given} differs from the token's {inside.header.get(claim)!r} (RFC 8224 §4)"


def _remarks(inside: Passport) -> Iterator[str]:
    yield from _order(inside)
    yield from _header(inside.header)
    yield from _claims(inside.payload)
    if len(inside.signature) != 64:
        yield f"the signature has {len(inside.signature)} bytes; ES256 makes 64, r and s (RFC 7518 §3.4)"


def _order(inside: Passport) -> Iterator[str]:
    received = inside.signing_input.split(b".")
    for name, part, value in zip(
        ("header", "payload"), received, (inside.header, inside.payload), strict=True
    ):
        canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        if binascii.a2b_base64(part.translate(bytes.maketrans(b"-_", b"+/")) + b"==") != canonical:
            yield f"the {name} is not in canonical form: sorted keys, no white space (RFC 8225 §9)"


def _header(header: Json) -> Iterator[str]:
    for name, value, clause in (
        ("alg", "ES256", "RFC 8225 §8"),
        ("typ", "passport", "RFC 8225 §4.1"),
        ("ppt", "shaken", "RFC 8588 §8"),
    ):
        if header.get(name) != value:
            yield f"{name} is {header.get(name)!r}, not {value!r} ({clause})"
    for name in sorted({"jwk", "jku", "kid", "x5c"} & header.keys()):
        yield f"{name} is no source of a PASSporT's key and must be ignored (RFC 8225 §4.3)"
    yield from _x5u(header.get("x5u"))


def _x5u(url: object) -> Iterator[str]:
    if not isinstance(url, str) or not url:
        yield "x5u is missing: nobody can find the certificate (RFC 8225 §4.3)"
    elif problem := x5u.problem(url, x5u.Rules()):
        yield f"x5u {url!r} is not plain https on port 443 or 8443: {problem} (ATIS-1000074 §5.3.1)"


def _claims(claims: Json) -> Iterator[str]:
    if claims.get("attest") not in ATTESTS:
        yield f"attest is {claims.get('attest')!r}, not A, B or C (RFC 8588 §4)"
    if type(claims.get("iat")) is not int:
        yield f"iat is {claims.get('iat')!r}, not a whole number of seconds (RFC 8225 §5.1.1)"
    yield from _origid(claims.get("origid"))
    yield from _orig(claims.get("orig"))
    yield from _dest(claims.get("dest"))
    for name in sorted(claims.keys() - {"attest", "dest", "iat", "orig", "origid"}):
        yield f"{name!r} is not one of shaken's five claims (RFC 8588 §8)"


def _origid(origid: object) -> Iterator[str]:
    try:
        UUID(origid if isinstance(origid, str) else "")
    except ValueError:
        yield f"origid is {origid!r}, not a UUID (RFC 8588 §5)"


def _orig(orig: object) -> Iterator[str]:
    number = orig.get("tn") if isinstance(orig, dict) else None
    if not _is_number(number):
        yield f"orig has no canonical tn, but {number!r} (RFC 8225 §5.2.1, RFC 8224 §8.3)"


def _dest(dest: object) -> Iterator[str]:
    numbers = dest.get("tn") if isinstance(dest, dict) else None
    if not isinstance(numbers, list) or not numbers or not all(map(_is_number, numbers)):
        yield f"dest has no list of canonical tn, but {numbers!r} (RFC 8225 §5.2.1, RFC 8224 §8.3)"


def _is_number(value: object) -> bool:
    return isinstance(value, str) and _TN.fullmatch(value) is not None
