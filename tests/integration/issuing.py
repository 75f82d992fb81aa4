"""Certificates of a gateway's own while it runs: the lab's STI-CA that issues them, and what calls are signed with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from certs import pem
from certs.authority import Authority
from certs.profile import Profile
from gateway.trust.keys import load_private_key

from .ends import End, invite
from .trace import Message
from .world import Gateway


def issued(folder: Path, csr: str, spc: str) -> bytes:
    """The chain for a request (PEM); `folder` is the lab's."""
    request = x509.load_pem_x509_csr(csr.encode())
    public = request.public_key()
    assert isinstance(public, EllipticCurvePublicKey)
    above = (folder / "intermediate.pem").read_bytes()
    issuer = Authority(pem.certificates(above)[0], load_private_key(folder / "intermediate.key"))
    profile = Profile("http://127.0.7.254/crl.pem")
    now, serial = datetime.now(UTC), x509.random_serial_number()
    leaf = issuer.issue(profile.leaf(public, issuer.certificate, now, serial, spc=spc))
    return pem.chain(leaf) + above


def publish_here(gateway: Gateway) -> None:
    """Have a gateway that is not yet running be the public host of its own certificates."""
    file = gateway.folder / "gateway.toml"
    settings = file.read_text()
    for old, new in (
        ("[signing]\n", f'[signing]\ncerts_url = "{gateway.url}/certs/"\n'),
        ("ports = [443, ", f"ports = [443, {gateway.api}, "),
    ):
        assert old in settings
        settings = settings.replace(old, new)
    file.write_text(settings)


def x5u(caller: End, callee: End) -> str:
    """By which certificate a call is signed now."""
    invite(caller)
    asked = callee.hears("INVITE")
    callee.answers(asked, "486 Busy Here")
    caller.hears("486")
    return str(jwt.get_unverified_header(token(asked))["x5u"])


def token(invite: Message) -> str:
    """The token of a call."""
    return invite.header("Identity").partition(";")[0]
