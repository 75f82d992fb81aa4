"""PASSporT: the signed token of RFC 8225, here in the two directions a gateway needs.

`Signer` turns claims into a compact JWS with ES256. `parse` takes a stranger's token apart into a Passport
without believing a word of it: header, payload and signature are what was received, and the signing input is
kept as bytes, because a signature covers bytes and not their meaning. No claim is judged here.

The JWS is written directly on cryptography: the same bytes through PyJWT's JWS layer cost half as much again.
"""

import binascii
import json
import re
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple, NoReturn

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.stir.claims import ShakenClaims

MAX_TOKEN = 16_384
"""Characters. A shaken PASSporT has about 400, one with rich call data a few thousand."""

MOST_BRACKETS = 256
"""Objects and arrays in a header or payload, and so the deepest nesting of them: what reads the claims later may recurse.
A shaken PASSporT has four, one with a jCard some dozens."""

LARGEST_KNOWN = 512
"""Characters of a header that is remembered: strangers must not fill the memory with theirs. One in use has about 150."""

_ES256 = ECDSA(SHA256())
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_JSON_SPACE = " \t\r\n"  # RFC 8259 §2
_X5U = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]^_`a-z{|}~]+")


# The canonical payload of a shaken PASSporT (RFC 8225 §9) with one callee: what nearly all of them are.
_common = re.compile(
    rb'\{"attest":"([A-Z])","dest":\{"tn":\["([0-9]{1,32})"\]\},"iat":([1-9][0-9]{0,14}),'
    rb'"orig":\{"tn":"([0-9]{1,32})"\},"origid":"([0-9A-Za-z-]{1,64})"\}'
).fullmatch


class InvalidPassport(ValueError):
    """The text is no PASSporT in full form.

    reason: too-long, not-ascii, compact-form, not-three-parts, missing-part, not-base64url, not-utf8,
    not-json, duplicate-key, too-deep or not-an-object.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CannotSign(Exception):
    """The key gives no signature now, as one in a token that is away."""


class Passport(NamedTuple):
    """A token taken apart, unverified. A tuple, for each call makes one: a frozen dataclass takes three times as long.

    header, payload: the JSON objects. signature: raw bytes, 64 of them if it is an ES256 one.
    signing_input: the bytes that the signature covers.
    """

    header: dict[str, Any]
    payload: dict[str, Any]
    signature: bytes
    signing_input: bytes


class Signer:
    """Signs shaken PASSporTs with one key, whose certificate chain is published at one URL.

    key: on P-256. x5u: absolute URL of the chain, also the `info` of the Identity header. ValueError for
    another curve, or for a URL that could not stand as it is in a JSON string and between angle brackets.
    """

    __slots__ = ("_header", "_sign", "x5u")

    def __init__(self, key: EllipticCurvePrivateKey, x5u: str) -> None:
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise ValueError("ES256 needs a private key on P-256")
        if _X5U.fullmatch(x5u) is None:
            raise ValueError("x5u must be an absolute URL in plain ASCII")
        self.x5u = x5u
        self._sign = key.sign
        header = f'{{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"{x5u}"}}'
        self._header = _base64url(header.encode("ascii")) + b"."

    def sign(self, claims: ShakenClaims) -> str:
        """The PASSporT in JWS compact serialisation (RFC 8225 §6); a new signature at every call. CannotSign."""
        signing_input = self._header + _base64url(claims.canonical_json())
        signature = _raw(self._sign(signing_input, _ES256))
        return (signing_input + b"." + _base64url(signature)).decode("ascii")


def parse(token: str, longest: int = MAX_TOKEN) -> Passport:
    """The parts of a PASSporT in full form; InvalidPassport if any of them is not what it should be."""
    if len(token) > longest:
        _refuse("too-long")
    if not token.isascii():
        _refuse("not-ascii")
    parts = token.encode("ascii").split(b".")
    if len(parts) != 3:
        _refuse("not-three-parts")
    if not all(parts):
        _refuse("compact-form" if parts[2] else "missing-part")
    header, payload, signature = parts
    return Passport(
        header=_header(header),
        payload=_payload(_bytes(payload)),
        signature=_bytes(signature),
        signing_input=header + b"." + payload,
    )


def _payload(data: bytes) -> dict[str, Any]:
    found = _common(data)
    if found is None:
        return _json_object(data)
    attest, called, iat, caller, origid = (
        found.groups()
    )  # what reading the JSON would say, in a third of the time
    return {
        "attest": attest.decode(),
        "dest": {"tn": [called.decode()]},
        "iat": int(iat),
        "orig": {"tn": caller.decode()},
        "origid": origid.decode(),
    }


def _header(part: bytes) -> dict[str, Any]:
    """A signer's tokens all have the same header, so one of usual size is read once; nobody changes it."""
    return _known(part) if len(part) <= LARGEST_KNOWN else _json_object(_bytes(part))


@lru_cache(maxsize=1024)
def _known(part: bytes) -> dict[str, Any]:
    return _json_object(_bytes(part))


def _base64url(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=")


def _bytes(text: bytes) -> bytes:
    """Base64url (RFC 7515 §2) without padding, stray characters or left-over bits: one text, one value."""
    try:
        # Padding beyond what is needed is passed over, like strays: what is written again from it shows them.
        data = binascii.a2b_base64(text.translate(_FROM_URL_SAFE) + b"==")
    except binascii.Error:
        _refuse("not-base64url")
    return data if _base64url(data) == text else _refuse("not-base64url")


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8")
        if text.count("[") + text.count("{") > MOST_BRACKETS:
            _refuse("too-deep")
        text = text.strip(_JSON_SPACE)
        value, end = _raw_decode(text)
        if end != len(text):
            _refuse("not-json")
        if "\\u" in text:
            # Half a surrogate pair can be escaped, but is no character and could not be written again.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except InvalidPassport:
        raise
    except UnicodeDecodeError:
        _refuse("not-utf8")
    except ValueError:
        _refuse("not-json")
    return value if isinstance(value, dict) else _refuse("not-an-object")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _refuse("duplicate-key")


def _finite(number: str) -> float:
    value = float(number)
    # 1e400 is a number, but not one that can be held.
    return value if isfinite(value) else _refuse("not-json")


def _not_json(_constant: str) -> NoReturn:
    _refuse("not-json")


# json.loads would make a new decoder each time, and its decode() spends as long on white space as on a token.
_raw_decode = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_not_json
).raw_decode


def _raw(der: bytes) -> bytes:
    """r || s, 32 bytes each, from the library's SEQUENCE of two INTEGERs (RFC 7518 §3.4).

    An INTEGER has a zero byte in front of a high bit, and fewer bytes if the value is small.
    """
    end_of_r = 4 + der[3]
    r, s = der[4:end_of_r], der[end_of_r + 2 :]
    return r[-32:].rjust(32, b"\0") + s[-32:].rjust(32, b"\0")


def _refuse(reason: str) -> NoReturn:
    raise InvalidPassport(reason)
