"""The Identity headers of a carrier's INVITE, as a scenario asks for them: sound unless it says otherwise.

They are signed when the leg starts, for freshness is a matter of seconds. The signing is not the gateway's own code.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.certificate_host import CertificateHost
from tests.stir import builders

from .signers import SOUND, Signers


@dataclass(frozen=True, slots=True)
class Identity:
    """One Identity header.

    signer: of `signers`; key: whose key signs, where it is not the signer's. host: how the certificate host behaves, a
    path of `tests.certificate_host` without the file; x5u: a URL instead. orig, dest, div: canonical digits; with `div`
    it is the token of a diversion. age: seconds, negative for the future. header: members of the token's own header that
    differ. raw: the value itself, whatever it is.
    """

    orig: str
    dest: str
    attest: str = "A"
    div: str = ""
    age: int = 0
    signer: str = SOUND
    key: str = ""
    host: str = "sound"
    x5u: str = ""
    header: Mapping[str, Any] = field(default_factory=dict)
    raw: str = ""


def header_lines(identities: Iterable[Identity], signers: Signers, host: CertificateHost, now: int) -> str:
    """A line for each, signed at `now` (epoch seconds), its certificate served by `host`."""
    return "\n".join(f"Identity: {each.raw or signed(each, signers, host, now)}" for each in identities)


def signed(asked: Identity, signers: Signers, host: CertificateHost, now: int) -> str:
    """The value of one."""
    header = {"x5u": asked.x5u or host.url(f"/{asked.host}/{asked.signer}.pem"), **asked.header}
    claims = {"iat": now - asked.age, "orig": {"tn": asked.orig}}
    key = signers.keys[asked.key or asked.signer]
    if asked.div:
        return builders.diverted(asked.div, asked.dest, header=header, claims=claims, key=key)
    claims |= {"attest": asked.attest, "dest": {"tn": [asked.dest]}, "origid": str(uuid.uuid4())}
    return builders.identity(
        header=header, claims=claims, key=key, beside=f";alg=ES256;ppt={header.get('ppt', 'shaken')}"
    )
