"""The claims of a SHAKEN PASSporT: who calls whom, when, and how sure the signer is (RFC 8588 §4-5).

A ShakenClaims that exists can be signed: its constructor refuses everything else, so that the canonical
JSON can be written from it without escaping.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

Attest = Literal["A", "B", "C"]
"""Full, partial and gateway attestation (ATIS-1000074 §5.2.3)."""

ATTESTS: tuple[Attest, ...] = get_args(Attest)

_tn = re.compile(r"[0-9#*]+").fullmatch
_uuid = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch
_CANONICAL = '{"attest":"%s","dest":{"tn":["%s"]},"iat":%d,"orig":{"tn":"%s"},"origid":"%s"}'


class InvalidClaims(ValueError):
    """A claim that must not be signed; `field` names it, `reason` says what it should have been."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ShakenClaims:
    """What a shaken PASSporT says.

    attest: A, B or C. dest: called numbers, at least one; orig: calling number; all canonical digits
    (`tn.canonical`). iat: seconds since 1970, positive. origid: a UUID, one for each call (RFC 8588 §10).
    """

    attest: str
    dest: tuple[str, ...]
    iat: int
    orig: str
    origid: str

    def __post_init__(self) -> None:
        if self.attest not in ATTESTS:
            raise InvalidClaims("attest", "must be A, B or C")
        if type(self.dest) is not tuple or not self.dest or not all(map(_is_tn, self.dest)):
            raise InvalidClaims("dest", "must be one or more canonical telephone numbers")
        if type(self.iat) is not int or self.iat <= 0:
            raise InvalidClaims("iat", "must be a positive whole number of seconds")
        if not _is_tn(self.orig):
            raise InvalidClaims("orig", "must be a canonical telephone number")
        if type(self.origid) is not str or _uuid(self.origid) is None:
            raise InvalidClaims("origid", "must be a UUID")

    def canonical_json(self) -> bytes:
        """The payload as it is signed: keys in order, no white space (RFC 8225 §9), dest sorted (§5.2.1)."""
        dest = self.dest[0] if len(self.dest) == 1 else '","'.join(sorted(self.dest))
        return (_CANONICAL % (self.attest, dest, self.iat, self.orig, self.origid)).encode("ascii")


def _is_tn(value: object) -> bool:
    return type(value) is str and _tn(value) is not None
