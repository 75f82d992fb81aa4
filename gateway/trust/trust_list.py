"""The STI-PA's list of trusted STI-CAs (ATIS-1000084): a compact JWS, signed with ES256 by somebody pinned beforehand.

    read(content, pinned, now) -> TrustList      whose it is and what it says, which no time changes
    admit(new, in_force, now)                    whether it may take the place of the list in force

A list is never taken for good because of where it came from, and an older one never replaces a newer one. One that
expired while it was in force stays there, with an alarm: the CAs of yesterday are nearly all those of today, and to
trust nobody would fail every call in the country. A list that is expired when it arrives is refused.

The names of the payload's members are those below; ATIS-1000084 could not be consulted for them, so the likely
spellings are all read, the first that is there counts:

    certificates   trustList, trustlist, trust_list, certificates   array of PEM, or of base64 DER as in x5c
    sequence       sequence, seq, version                           whole number
    expiry         exp, expires                                     epoch seconds, or RFC 3339 with its offset

The signer's certificate stands in the header (x5c, RFC 7515 §4.1.6) or as PEM below the JWS in the same file. This
file does no I/O.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, NoReturn

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.stir import chain, passport
from gateway.stir.certificate import UNPARSABLE, is_ca, p256_key, parse_whole, window
from gateway.stir.path import Anchors, Path, find

LARGEST = 1_048_576
"""Bytes of a list."""

MOST_CERTIFICATES = 1_000

_CERTIFICATES = ("trustList", "trustlist", "trust_list", "certificates")
_SEQUENCE = ("sequence", "seq", "version")
_EXPIRY = ("exp", "expires")

_PEM = b"-----BEGIN "
_ES256 = ECDSA(SHA256())


class ListRefused(ValueError):
    """The list is not to be put in force. `reason` is stable kebab-case, `detail` is for people."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class TrustList:
    """A list signed by somebody pinned.

    certificates: of the trusted CAs. sequence: rises with each list. expires: epoch seconds. signer: the path from the
    certificate that signed to the pinned one.
    """

    certificates: tuple[x509.Certificate, ...]
    sequence: int
    expires: float
    signer: Path

    def seconds_left(self, now: float) -> float:
        """Until it expires; negative since it has."""
        return self.expires - now

    def is_expired(self, now: float) -> bool:
        """Whether it is kept in force only because there is no newer one."""
        return now > self.expires


def read(content: bytes, pinned: Anchors, now: float) -> TrustList:
    """The list in `content`, a JWS with or without the signer's PEM certificates below it.

    pinned: certificates of which one signed the list, or stands above the one that did. ListRefused with not-a-jws,
    alg-unsupported, crit-unsupported, signer-unreadable, signer-not-pinned, signature-invalid, no-certificates,
    certificate-unreadable, sequence-missing, sequence-malformed, exp-missing or exp-malformed.
    """
    jws, below = _taken_apart(content)
    if jws.header.get("alg") != "ES256":
        _refuse("alg-unsupported")
    if "crit" in jws.header:
        _refuse("crit-unsupported")
    signers = _signers(_x5c(jws.header) or below, pinned, now)
    signer = next((each for each in signers if _signed(jws, each[0])), None)
    if signer is None:
        _refuse("signature-invalid")
    return TrustList(_listed(jws.payload), _sequence(jws.payload), _expiry(jws.payload), signer)


def admit(new: TrustList, in_force: TrustList | None, now: float) -> None:
    """Raise ListRefused where `new` must not come after `in_force`: expired, signer-expired, sequence-lower or
    sequence-reused (for other certificates; a longer life of the same ones is fine)."""
    if new.is_expired(now):
        _refuse("expired", f"{now - new.expires:.0f} s ago")
    for start, end in map(window, new.signer):
        if not start <= now <= end:
            _refuse("signer-expired")
    if in_force is None:
        return
    if new.sequence < in_force.sequence:
        _refuse("sequence-lower", f"{new.sequence} after {in_force.sequence}")
    if new.sequence == in_force.sequence and set(new.certificates) != set(in_force.certificates):
        _refuse("sequence-reused", str(new.sequence))


def signer_url(content: bytes) -> str | None:
    """Where the signer's certificate is (x5u, RFC 7515 §4.1.5), if the list does not bring it along."""
    jws, below = _taken_apart(content)
    url = jws.header.get("x5u")
    return url if isinstance(url, str) and not below and "x5c" not in jws.header else None


def with_signer(content: bytes, pem: bytes) -> bytes:
    """The list and its signer's certificates in one file."""
    return content.strip() + b"\n" + pem


# Whose it is


def _taken_apart(content: bytes) -> tuple[passport.Passport, Sequence[x509.Certificate]]:
    text, mark, rest = content.partition(_PEM)
    try:
        jws = passport.parse(text.decode("ascii").strip(), LARGEST)
        return jws, chain.read(mark + rest) if mark else ()
    except UnicodeDecodeError:
        _refuse("not-a-jws", "not-ascii")
    except passport.InvalidPassport as error:
        _refuse("not-a-jws", error.reason)
    except chain.ChainRefused as refused:
        _refuse("signer-unreadable", str(refused))


def _x5c(header: Mapping[str, Any]) -> Sequence[x509.Certificate]:
    texts = header.get("x5c", ())
    if not isinstance(texts, list | tuple) or len(texts) > chain.MOST_CERTIFICATES:
        _refuse("signer-unreadable", "x5c")
    try:
        return [_der(text) for text in texts]
    except UNPARSABLE:
        _refuse("signer-unreadable", "x5c")


def _signers(presented: Sequence[x509.Certificate], pinned: Anchors, now: float) -> Sequence[Path]:
    """Who may have signed: the one presented, if a pinned one vouches for it, or else one that is pinned itself."""
    if not presented:
        return [(each,) for each in pinned.certificates]
    found = find(presented[0], presented[1:], pinned, now)
    if found is None or not all(map(is_ca, found[1:])):
        _refuse("signer-not-pinned", presented[0].subject.rfc4514_string())
    return [found]


def _signed(jws: passport.Passport, certificate: x509.Certificate) -> bool:
    """ES256: r and s, 32 bytes each (RFC 7518 §3.4)."""
    key, signature = p256_key(certificate), jws.signature
    if key is None or len(signature) != 64:
        return False
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    try:
        key.verify(der, jws.signing_input, _ES256)
    except InvalidSignature:
        return False
    return True


# What it says


def _listed(payload: Mapping[str, Any]) -> tuple[x509.Certificate, ...]:
    value = _member(payload, _CERTIFICATES)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts:
        _refuse("no-certificates")
    try:
        return tuple(dict.fromkeys(each for text in texts for each in _certificates(text)))
    except UNPARSABLE:
        _refuse("certificate-unreadable")


def _certificates(text: object) -> Iterator[x509.Certificate]:
    if isinstance(text, str) and _PEM.decode() in text:
        yield from chain.read(text.encode(), MOST_CERTIFICATES, LARGEST)
    else:
        yield _der(text)


def _der(text: object) -> x509.Certificate:
    """A certificate in base64 DER; one of UNPARSABLE for anything else."""
    if not isinstance(text, str):
        raise TypeError("not text")
    certificate = x509.load_der_x509_certificate(b64decode("".join(text.split()), validate=True))
    parse_whole(certificate)
    return certificate


def _sequence(payload: Mapping[str, Any]) -> int:
    value = _member(payload, _SEQUENCE)
    if value is None:
        _refuse("sequence-missing")
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        _refuse("sequence-malformed")
    return value


def _expiry(payload: Mapping[str, Any]) -> float:
    value = _member(payload, _EXPIRY)
    if value is None:
        _refuse("exp-missing")
    try:
        expires = _moment(value)
    except (ValueError, TypeError, OverflowError):
        _refuse("exp-malformed")
    return expires if isfinite(expires) else _refuse("exp-malformed")


def _moment(value: object) -> float:
    """Epoch seconds, from a number or a time that says its offset from UTC."""
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return moment.timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no time")
    return float(value)


def _member(payload: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((payload[name] for name in names if name in payload), None)


def _refuse(reason: str, detail: str = "") -> NoReturn:
    raise ListRefused(reason, detail)
