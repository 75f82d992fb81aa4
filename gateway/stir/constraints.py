"""Constraints on claims: what a certificate allows its holder to say in a PASSporT.

Two extensions, the first of RFC 8226 §8 (OID 1.3.6.1.5.5.7.1.27), the second of RFC 9118 §3 (…1.33), which adds the
third member; a certificate may have both, and then both hold:

    EnhancedJWTClaimConstraints ::= SEQUENCE {
        mustInclude     [0] SEQUENCE SIZE (1..MAX) OF IA5String OPTIONAL,
        permittedValues [1] SEQUENCE SIZE (1..MAX) OF SEQUENCE {
                                claim IA5String, values SEQUENCE SIZE (1..MAX) OF UTF8String } OPTIONAL,
        mustExclude     [2] SEQUENCE SIZE (1..MAX) OF IA5String OPTIONAL }      -- one of the three at least

Tags are explicit. A value is compared exactly: a string as it is, anything else as its JSON in the one form that
RFC 8225 §9 gives it. iat, orig and dest are in every PASSporT, so a list that forbids one of them makes no sense, and its
extension is treated as absent (RFC 9118 §3). This file does no I/O.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from cryptography.hazmat import asn1

OID = "1.3.6.1.5.5.7.1.27"
"""JWTClaimConstraints (RFC 8226 §8)."""

ENHANCED_OID = "1.3.6.1.5.5.7.1.33"
"""EnhancedJWTClaimConstraints (RFC 9118 §3)."""

BASELINE = frozenset({"iat", "orig", "dest"})
"""Claims of every PASSporT (RFC 8225 §5)."""


class InvalidConstraints(ValueError):
    """The bytes are no such extension, or it would constrain nothing."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What must be said, with which values if it is said, and what must not be said."""

    must_include: tuple[str, ...] = ()
    permitted_values: tuple[tuple[str, frozenset[str]], ...] = ()
    must_exclude: tuple[str, ...] = ()

    def violated(self, payload: Mapping[str, Any]) -> str | None:
        """The first claim that breaks them; None if none does."""
        for claim in self.must_include:
            if claim not in payload:
                return claim
        for claim, values in self.permitted_values:
            if claim in payload and _text(payload[claim]) not in values:
                return claim
        return next((claim for claim in self.must_exclude if claim in payload), None)


def of(plain: bytes | None, enhanced: bytes | None) -> Constraints | None:
    """The constraints of a certificate by the DER of its two extensions, None for one that is absent.

    None if nothing is constrained; InvalidConstraints if one of them cannot be read.
    """
    first = None if plain is None else decode(plain, OID)
    second = None if enhanced is None else decode(enhanced, ENHANCED_OID)
    if second and not BASELINE.isdisjoint(second.must_exclude):
        second = None
    if not (first and second):
        return first or second
    return Constraints(
        first.must_include + second.must_include,
        first.permitted_values + second.permitted_values,
        second.must_exclude,
    )


def decode(der: bytes, oid: str) -> Constraints:
    """What the extension `oid` says; InvalidConstraints if the bytes are anything but exactly one, in DER."""
    try:
        read = asn1.decode_der(_Extension, der)
    except ValueError as error:
        raise InvalidConstraints("not the DER of JWT claim constraints") from error
    if [] in (read.must_include, read.permitted_values, read.must_exclude):  # asn1 can size no optional list
        raise InvalidConstraints("an empty list")
    constraints = Constraints(
        tuple(name.as_str() for name in read.must_include or ()),
        tuple((each.claim.as_str(), frozenset(each.values)) for each in read.permitted_values or ()),
        tuple(name.as_str() for name in read.must_exclude or ()),
    )
    _check(constraints, oid)
    return constraints


def encode(constraints: Constraints, oid: str) -> bytes:
    """The DER of the extension `oid`; InvalidConstraints if it has no way to say them."""
    _check(constraints, oid)
    return asn1.encode_der(
        _Extension(
            must_include=_names(constraints.must_include),
            permitted_values=[
                _Values(claim=asn1.IA5String(claim), values=sorted(values))
                for claim, values in constraints.permitted_values
            ]
            or None,
            must_exclude=_names(constraints.must_exclude),
        )
    )


@asn1.sequence
class _Values:
    claim: asn1.IA5String
    values: Annotated[list[str], asn1.Size(min=1, max=None)]


@asn1.sequence
class _Extension:
    must_include: Annotated[list[asn1.IA5String] | None, asn1.Explicit(0)]
    permitted_values: Annotated[list[_Values] | None, asn1.Explicit(1)]
    must_exclude: Annotated[list[asn1.IA5String] | None, asn1.Explicit(2)]


def _check(constraints: Constraints, oid: str) -> None:
    if constraints == Constraints():
        raise InvalidConstraints("nothing is constrained")
    if constraints.must_exclude and oid == OID:
        raise InvalidConstraints("mustExclude is not RFC 8226's")


def _names(claims: tuple[str, ...]) -> list[asn1.IA5String] | None:
    return [asn1.IA5String(claim) for claim in claims] or None


def _text(value: object) -> str | None:
    """A claim as it stands in a list of values; None where it stands in none, for it nests too deep to be written."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    except RecursionError:
        return None
