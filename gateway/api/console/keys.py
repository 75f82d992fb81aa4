"""Our keys: made here, and asked for certificates. The private half is never shown."""

from __future__ import annotations

from typing import Annotated

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, Depends, Request, Response

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.console.errors import pages
from gateway.api.console.pages import page, redirect
from gateway.api.console.query import Texts
from gateway.api.console.revision import revision_of
from gateway.api.credential_errors import STATUSES
from gateway.api.custody import custodian, key_shown
from gateway.api.forms import form
from gateway.api.sidecar import Sidecar
from gateway.credentials.request import CsrSubject
from gateway.trust.credential import CredentialRefused

Form = Annotated[dict[str, str], Depends(form)]

_WANTED = ("spc", "country", "organization")


def router(sidecar: Sidecar) -> APIRouter:
    """The keys."""
    routes = pages("/console/keys")
    may_change = [needs(Permission.CERTIFICATES)]

    @routes.get("/{id}", dependencies=[needs(Permission.READ)])
    def one(request: Request, id: str) -> Response:
        return _page_of_one(sidecar, request, id)

    @routes.post("", dependencies=may_change)
    def make(request: Request, fields: Form) -> Response:
        label, store = fields.get("label", "").strip(), fields.get("store", "file")
        made = custodian(sidecar, request).make_key(label, store)
        return redirect(f"/keys/{made.id}", said="key-made")

    @routes.post("/{id}/csr", dependencies=may_change)
    def csr(request: Request, id: str, fields: Form) -> Response:
        wanted = Texts({name: fields.get(name, "").strip() for name in _WANTED})
        try:
            der = custodian(sidecar, request).csr(id, CsrSubject(**wanted))
        except CredentialRefused as error:
            return _page_of_one(sidecar, request, id, wanted, refused=error)
        return _page_of_one(sidecar, request, id, wanted, csr=_pem(der))

    @routes.post("/{id}/remove", dependencies=may_change)
    def remove(request: Request, id: str, fields: Form) -> Response:
        custodian(sidecar, request).delete_key(id, revision_of(fields))
        return redirect("/certificates", said="key-deleted")

    return routes


def _page_of_one(
    sidecar: Sidecar,
    request: Request,
    id: str,
    filled: Texts | None = None,
    csr: str = "",
    refused: CredentialRefused | None = None,
) -> Response:
    """One key; with a request for a certificate of it, or why there is none."""
    manifest = custodian(sidecar, request).view()
    return page(
        request,
        "key.html",
        STATUSES.get(refused.reason, 422) if refused else 200,
        key=key_shown(manifest.key(id), manifest),
        revision=manifest.revision,
        filled=filled or Texts(),
        csr=csr,
        refused=refused,
    )


def _pem(der: bytes) -> str:
    return x509.load_der_x509_csr(der).public_bytes(Encoding.PEM).decode()
