"""Verifiers that are not ours: PyJWT and cryptography on the lab's chain, and secsipidx where it is installed.

Nothing of the gateway is imported here. The chain is fetched from where the token says, as a carrier would.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.x509 import Certificate, load_pem_x509_certificates
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

SECSIPIDX = shutil.which("secsipidx")
NAMES = ("PyJWT + cryptography", *(["secsipidx"] if SECSIPIDX else []))
FRESH = 60  # seconds, ATIS-1000074
EXPIRY, OWN_ROOT, OWN_INTERMEDIATE = 1, 4, 8  # what secsipidx -cert-verify looks at

_IDENTITY = re.compile(r"([\w-]+\.[\w-]+\.[\w-]+);info=<([^<>]+)>;alg=ES256;ppt=shaken")


class Refused(Exception):
    """A verifier does not accept the Identity header; the message says why."""


@dataclass(frozen=True, slots=True)
class Passport:
    """What an accepted Identity header says; `age` in seconds."""

    attest: str
    orig: str
    dest: tuple[str, ...]
    origid: str
    age: int


def fetched(url: str) -> bytes:
    """What a URL of this machine serves; raises httpx.HTTPError."""
    return httpx.get(url, trust_env=False, timeout=2).raise_for_status().content


class Verifier:
    """Judges Identity headers under one trust anchor; its files, chains among them, are kept in `folder`."""

    def __init__(self, anchor: Path, folder: Path, fetch: Callable[[str], bytes] = fetched) -> None:
        self._anchor, self._folder, self._fetch = anchor, folder, fetch
        self._chains: dict[str, Path] = {}

    def verify(self, value: str) -> Passport:
        """What the header says, once every verifier accepts it; raises Refused."""
        found = _IDENTITY.fullmatch(value)
        if found is None:
            raise Refused(f"not an Identity header in full form: {value!r}")
        token, url = found.groups()
        chain = self._chain(url)
        passport = _passport(_decoded(token, self._key(chain), url))
        if SECSIPIDX and not self._secsipidx_accepts(SECSIPIDX, value, chain):
            raise Refused("secsipidx does not accept it")
        return passport

    def _chain(self, url: str) -> Path:
        if url not in self._chains:
            file = self._folder / f"chain-{len(self._chains)}.pem"
            try:
                file.write_bytes(self._fetch(url))
            except httpx.HTTPError as error:
                raise Refused(f"no chain at {url}: {error}") from error
            self._chains[url] = file
        return self._chains[url]

    def _key(self, chain: Path) -> EllipticCurvePublicKey:
        """The leaf's key, if the chain leads to the anchor now."""
        leaf, *intermediates = load_pem_x509_certificates(chain.read_bytes())
        try:
            _path_rules(self._anchor).build_client_verifier().verify(leaf, intermediates)
        except VerificationError as error:
            raise Refused(f"the chain does not lead to the lab's root: {error}") from error
        return _p256(leaf)

    def _secsipidx_accepts(self, program: str, value: str, chain: Path) -> bool:
        """Whether signature, age and chain are good in its eyes too."""
        identity = self._folder / "identity"
        identity.write_text(value)
        options = {
            "-fidentity": identity,
            "-fpubkey": chain,
            "-expire": FRESH,
            "-cert-verify": EXPIRY | OWN_ROOT | OWN_INTERMEDIATE,
            "-ca-file": self._anchor,
            "-ca-inter": self._anchor.with_name("intermediate.pem"),
        }
        arguments = [str(part) for option in options.items() for part in option]
        command = [program, "-check", *arguments]
        return subprocess.run(command, capture_output=True, check=False, timeout=10).returncode == 0


def _decoded(token: str, key: EllipticCurvePublicKey, url: str) -> Mapping[str, Any]:
    """The claims of a token that this key signed and whose header is a shaken PASSporT's."""
    try:
        decoded = jwt.decode_complete(token, key, algorithms=["ES256"])
    except jwt.InvalidTokenError as error:
        raise Refused(f"PyJWT: {error}") from error
    expected = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": url}
    if decoded["header"] != expected:
        raise Refused(f"the token's header is {decoded['header']}, not {expected}")
    claims: Mapping[str, Any] = decoded["payload"]
    return claims


def _path_rules(anchor: Path) -> PolicyBuilder:
    """A SHAKEN leaf has no subject alternative name, so the web's rules hold for the CAs above it alone."""
    return (
        PolicyBuilder()
        .store(Store(load_pem_x509_certificates(anchor.read_bytes())))
        .time(datetime.now(UTC))
        .extension_policies(
            ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all()
        )
    )


def _p256(leaf: Certificate) -> EllipticCurvePublicKey:
    key = leaf.public_key()
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise Refused("the leaf's key is not on P-256")
    return key


def _passport(claims: Mapping[str, Any]) -> Passport:
    try:
        age = int(time.time()) - claims["iat"]
        found = Passport(
            claims["attest"], claims["orig"]["tn"], tuple(claims["dest"]["tn"]), claims["origid"], age
        )
    except (KeyError, TypeError) as error:
        raise Refused(f"the claims are not shaken's: {sorted(claims)}") from error
    if abs(age) > FRESH:
        raise Refused(f"iat is {age} s ago")
    return found
