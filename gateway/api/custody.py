"""What the resources of our keys and certificates share: the custodian, who asks it, and what it knows, as it is told.

GET                 has the revision of all keys and certificates together as its ETag
POST, DELETE        with If-Match: is refused (412) if there has been a change since
"""

from __future__ import annotations

from datetime import datetime

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from gateway.api.conditions import conditions, etag
from gateway.api.problems import Unfit
from gateway.api.query import as_time
from gateway.api.sidecar import Sidecar
from gateway.api.who import who
from gateway.credentials.custodian import Custodian
from gateway.credentials.manifest import Certificate, Key, Manifest
from gateway.trust.credential import Credential

DAY = 86_400.0


class KeyShown(BaseModel):
    """A key pair: its public half, and which certificates are of it."""

    id: str
    label: str
    store: str
    made_at: datetime
    fingerprint: str = Field(description="SHA-256 of the SubjectPublicKeyInfo.")
    public_key: str = Field(description="PEM.")
    certificates: list[str]


class EndedShown(BaseModel):
    """When a certificate was retired, or its revocation noted, and why."""

    at: datetime
    reason: str


class CertificateShown(BaseModel):
    """A certificate of ours. active_for: accounts, null standing for all that have none of their own. usable: whether it
    could sign now; `problem` says why not."""

    name: str
    state: str = Field(description="configured, installed, active, retired or revoked.")
    active_for: list[str | None]
    usable: bool
    problem: str | None
    x5u: str
    spc: str
    subject: str
    issuer: str
    serial: str
    fingerprint: str = Field(description="SHA-256 of the leaf.")
    not_before: datetime
    not_after: datetime
    days_left: float
    key_id: str | None = Field(description="null: the configuration's.")
    installed_at: datetime | None
    warnings: list[str]
    ended: EndedShown | None


def custodian(sidecar: Sidecar, request: Request) -> Custodian:
    """The custodian, for whoever sent this request; raises Unfit (503) where there is none."""
    if sidecar.custodian is None:
        raise Unfit(503, "this process keeps no keys and certificates")
    return sidecar.custodian.by(who(request))


def revision(request: Request) -> int | None:
    """The revision that a change depends on; raises Unfit (400, 412)."""
    return conditions(request).revision


def answer(shown: BaseModel, manifest: Manifest, status: int = 200, location: str | None = None) -> Response:
    """What is told, with the revision of it all."""
    headers = {"ETag": etag(manifest.revision)} | ({"Location": location} if location else {})
    return JSONResponse(shown.model_dump(mode="json"), status_code=status, headers=headers)


def gone(manifest: Manifest) -> Response:
    """Taken away."""
    return Response(status_code=204, headers={"ETag": etag(manifest.revision)})


def key_shown(key: Key, manifest: Manifest) -> KeyShown:
    """A key as it is told."""
    return KeyShown(
        id=key.id,
        label=key.label,
        store=key.store,
        made_at=as_time(key.made_at),
        fingerprint=key.fingerprint,
        public_key=key.public_key,
        certificates=[each.name for each in manifest.certificates_of(key.id)],
    )


def certificate_shown(certificate: Certificate, manifest: Manifest, sidecar: Sidecar) -> CertificateShown:
    """An installed certificate as it is told; one that a revocation list names is revoked, whatever the manifest says."""
    now, active_for = sidecar.now(), list(manifest.scopes_of(certificate.name))
    problem = certificate.unusable(now)
    signing = [sidecar.book.for_account(account) for account in active_for]
    if any(one and one.name == certificate.name and one.revoked for one in signing):
        problem = "revoked"
    ended = certificate.ended
    return CertificateShown(
        name=certificate.name,
        state=manifest.state_of(certificate),
        active_for=active_for,
        usable=problem is None,
        problem=problem,
        x5u=certificate.x5u,
        spc=certificate.spc,
        subject=certificate.subject,
        issuer=certificate.issuer,
        serial=certificate.serial,
        fingerprint=certificate.fingerprint,
        not_before=as_time(certificate.not_before),
        not_after=as_time(certificate.not_after),
        days_left=_days(certificate.not_after - now),
        key_id=certificate.key_id,
        installed_at=as_time(certificate.installed_at),
        warnings=list(certificate.warnings),
        ended=EndedShown(at=as_time(ended.at), reason=ended.reason) if ended else None,
    )


def configured_shown(credential: Credential, manifest: Manifest, now: float) -> CertificateShown:
    """The configured credential as it is told."""
    problem, leaf = credential.usable(now), credential.chain[0]
    return CertificateShown(
        name=credential.name,
        state="configured",
        active_for=[] if manifest.active_for(None) else [None],
        usable=problem is None,
        problem=problem,
        x5u=credential.x5u,
        spc=credential.spc,
        subject=leaf.subject.rfc4514_string(),
        issuer=leaf.issuer.rfc4514_string(),
        serial=f"{leaf.serial_number:X}",
        fingerprint=credential.fingerprint,
        not_before=as_time(credential.not_before),
        not_after=as_time(credential.not_after),
        days_left=_days(credential.not_after - now),
        key_id=None,
        installed_at=None,
        warnings=list(credential.warnings),
        ended=None,
    )


def _days(seconds: float) -> float:
    return round(seconds / DAY, 2)
