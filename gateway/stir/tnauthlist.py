"""TNAuthList: what numbers a certificate may speak for (RFC 8226 §9, OID 1.3.6.1.5.5.7.1.26).

    TNAuthorizationList  ::= SEQUENCE SIZE (1..MAX) OF TNEntry
    TNEntry              ::= CHOICE { spc [0] ServiceProviderCode, range [1] TelephoneNumberRange,
                                      one [2] TelephoneNumber }
    ServiceProviderCode  ::= IA5String
    TelephoneNumberRange ::= SEQUENCE { start TelephoneNumber, count INTEGER (2..MAX, ...) }
    TelephoneNumber      ::= IA5String (SIZE (1..15)) (FROM ("0123456789#*"))

Tags are explicit. The DER is cryptography's work, declared below. It wants a SEQUENCE with named fields
outermost, so the list is put into one (`_Wrapped`) to be read, and taken out of it after it was written.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from cryptography.hazmat import asn1

OID = "1.3.6.1.5.5.7.1.26"
"""Of the certificate extension that holds the list (RFC 8226 §9)."""

_SPC = re.compile(r"[0-9A-Za-z]+")
_TN = re.compile(r"[0-9#*]{1,15}")


class InvalidTNAuthList(ValueError):
    """The bytes are no TNAuthList, or an entry could not stand in one."""


@dataclass(frozen=True, slots=True)
class Spc:
    """Every number of one service provider, by its code (in the US an OCN such as "616H")."""

    code: str

    def __post_init__(self) -> None:
        if _SPC.fullmatch(self.code) is None:
            raise InvalidTNAuthList("a service provider code is letters and digits")


@dataclass(frozen=True, slots=True)
class One:
    """A single telephone number."""

    number: str

    def __post_init__(self) -> None:
        _check_number(self.number)


@dataclass(frozen=True, slots=True)
class Range:
    """`count` consecutive numbers, two at least, from `start` upwards."""

    start: str
    count: int

    def __post_init__(self) -> None:
        _check_number(self.start)
        if self.count < 2:
            raise InvalidTNAuthList("a range has at least two numbers")


Entry = Spc | Range | One


def encode(entries: Iterable[Entry]) -> bytes:
    """The DER of the entries in the order given; InvalidTNAuthList if there are none."""
    variants = [_variant(entry) for entry in entries]
    if not variants:
        raise InvalidTNAuthList("a TNAuthList has at least one entry")
    return bytes(asn1.decode_der(asn1.TLV, asn1.encode_der(_Wrapped(entries=variants))).data)


def decode(der: bytes) -> tuple[Entry, ...]:
    """The entries of a TNAuthList; InvalidTNAuthList if the bytes are anything but exactly one, in DER."""
    try:
        wrapped = asn1.encode_der(_Opaque(content=asn1.decode_der(asn1.TLV, der)))
        variants = asn1.decode_der(_Wrapped, wrapped).entries
    except ValueError as error:
        raise InvalidTNAuthList("not the DER of a TNAuthList") from error
    return tuple(_entry(variant) for variant in variants)


@asn1.sequence
class _Range:
    start: asn1.IA5String
    count: int


_TNEntry = (
    Annotated[asn1.Variant[asn1.IA5String, Literal["spc"]], asn1.Explicit(0)]
    | Annotated[asn1.Variant[_Range, Literal["range"]], asn1.Explicit(1)]
    | Annotated[asn1.Variant[asn1.IA5String, Literal["one"]], asn1.Explicit(2)]
)


@asn1.sequence
class _Wrapped:
    entries: Annotated[list[_TNEntry], asn1.Size(min=1, max=None)]


@asn1.sequence
class _Opaque:
    content: asn1.TLV


def _variant(entry: Entry) -> asn1.Variant[Any, Any]:
    match entry:
        case Spc(code):
            return asn1.Variant(asn1.IA5String(code), "spc")
        case Range(start, count):
            return asn1.Variant(_Range(start=asn1.IA5String(start), count=count), "range")
        case One(number):
            return asn1.Variant(asn1.IA5String(number), "one")


def _entry(variant: asn1.Variant[Any, Any]) -> Entry:
    match variant.tag:
        case "spc":
            return Spc(variant.value.as_str())
        case "range":
            return Range(variant.value.start.as_str(), variant.value.count)
        case _:
            return One(variant.value.as_str())


def _check_number(number: str) -> None:
    if _TN.fullmatch(number) is None:
        raise InvalidTNAuthList("a telephone number is 1 to 15 of the digits, # and *")
