"""`/v1/certificates`: our chains, from installation to revocation, and which of them signs for whom.

A new chain gets a URL of its own and signs nothing before it is activated; its URL is looked at from outside first. The
one that the configuration names is listed, and cannot be changed here.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.body import check_type, described, json_body, validated
from gateway.api.custody import (
    CertificateShown,
    answer,
    certificate_shown,
    configured_shown,
    custodian,
    gone,
    revision,
)
from gateway.api.problems import Unfit, problems
from gateway.api.published import MEDIA_TYPE
from gateway.api.query import asked, parameters
from gateway.api.sidecar import Sidecar
from gateway.credentials.manifest import Manifest, refuse
from gateway.credentials.outside import Sight
from gateway.rim import Strict
from gateway.stir.chain import LARGEST_FILE

Body = Annotated[object, Depends(json_body)]
Account = Annotated[str, Field(min_length=1, max_length=64, examples=["acme"])]

_PEM = {
    "schema": {"type": "string", "format": "binary"},
    "example": "-----BEGIN CERTIFICATE-----\nMIIC…\n-----END CERTIFICATE-----\n",
}
_CHANGES = {
    404: "It is not there",
    409: "It cannot be now",
    412: "A condition failed",
    503: "It cannot be kept",
}

CertificateName = Annotated[str, Path(description="The certificate's name.", examples=["616H-2027"])]


class Naming(Strict):
    """Under which name a chain is published; left out, one is made of its key's label and its fingerprint."""

    name: Annotated[
        str | None,
        Field(
            max_length=64,
            examples=["616H-2027"],
            description="Left out, one is made of its key and fingerprint.",
        ),
    ] = None


class Activation(Strict):
    """For whom a certificate is to sign: an account, or all that have none of their own (null).

    force: why it is activated although its URL is not looked at; put on record.
    """

    account: Account | None = None
    force: Annotated[str | None, Field(max_length=256)] = None


class RollBack(Strict):
    """Whose last activation is taken back: an account's, or the default's (null)."""

    account: Account | None = None


class Ending(Strict):
    """Why a certificate signs no more; put on record."""

    reason: Annotated[str, Field(max_length=256, examples=["replaced by 616H-2027"])] = ""


class CertificateList(BaseModel):
    """Every certificate. revision: of all keys and certificates together; in_force: the revision that the sidecar and the
    edge go by, which follow within a second."""

    items: list[CertificateShown]
    revision: int
    in_force: dict[str, int | None]


class Active(BaseModel):
    """What signs for a scope now; null: nothing of its own."""

    account: str | None
    certificate: str | None
    revision: int


def router(sidecar: Sidecar) -> APIRouter:
    """Certificates. What stands under a word of its own comes before the names."""
    routes = APIRouter(prefix="/v1/certificates", tags=["certificates"])
    _add_collection(routes, sidecar)
    _add_certificate(routes, sidecar)
    _add_signing(routes, sidecar)
    _add_endings(routes, sidecar)
    return routes


def _add_collection(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.get(
        "",
        dependencies=[needs(Permission.READ)],
        summary="Our certificates, and for whom each signs",
        response_model=CertificateList,
        responses=problems({503: "They cannot be read"}),
    )
    def list_certificates(request: Request) -> Response:
        manifest, edge = custodian(sidecar, request).view(), sidecar.edge()
        items = [certificate_shown(each, manifest, sidecar) for each in manifest.certificates]
        if sidecar.book.configured:
            items.append(configured_shown(sidecar.book.configured, manifest, sidecar.now()))
        in_force = {
            "sidecar": sidecar.book.manifest.revision,
            "edge": edge.credentials_revision if edge else None,
        }
        return answer(CertificateList(items=items, revision=manifest.revision, in_force=in_force), manifest)

    @routes.post(
        "",
        dependencies=[needs(Permission.CERTIFICATES)],
        status_code=201,
        summary="Install a chain, the leaf first: checked, published, not yet signing",
        response_model=CertificateShown,
        responses=problems(
            {
                409: "It is there already, or the name was another's",
                412: "A condition failed",
                413: "It is too long for a chain",
                415: "It is no PEM",
                422: "It is not a chain that may sign calls",
                503: "It cannot be kept",
            }
        ),
        openapi_extra=parameters(Naming) | {"requestBody": {"required": True, "content": {MEDIA_TYPE: _PEM}}},
    )
    def install_certificate(request: Request, chain: Annotated[bytes, Depends(_pem_body)]) -> Response:
        name, keeper = asked(Naming, request).name, custodian(sidecar, request)
        installed = keeper.install(chain, name, revision(request)).certificate
        manifest = keeper.view()
        shown = certificate_shown(installed, manifest, sidecar)
        return answer(shown, manifest, 201, f"/v1/certificates/{installed.name}")


def _add_certificate(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.get(
        "/{name}",
        dependencies=[needs(Permission.READ)],
        summary="One of our certificates",
        response_model=CertificateShown,
        responses=problems({404: "It is not there", 503: "They cannot be read"}),
    )
    def get_certificate(request: Request, name: CertificateName) -> Response:
        manifest, configured = custodian(sidecar, request).view(), sidecar.book.configured
        if configured and configured.name == name:
            return answer(configured_shown(configured, manifest, sidecar.now()), manifest)
        return answer(certificate_shown(manifest.certificate(name), manifest, sidecar), manifest)

    @routes.delete(
        "/{name}",
        dependencies=[needs(Permission.CERTIFICATES)],
        status_code=204,
        summary="Forget a certificate and publish it no more; its name is never given again",
        responses=problems(_CHANGES),
    )
    def delete_certificate(request: Request, name: CertificateName) -> Response:
        check_ours(sidecar, name)
        return gone(custodian(sidecar, request).delete_certificate(name, revision(request)))


def _add_signing(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.post(
        "/rollback",
        dependencies=[needs(Permission.ROTATE)],
        summary="Have the certificate sign again that did before",
        response_model=Active,
        responses=problems(_CHANGES | {422: "It is no such request"}),
        openapi_extra=described(RollBack, {"account": None}),
    )
    def roll_back(request: Request, body: Body) -> Response:
        account = validated(RollBack, body).account
        return _active(account, custodian(sidecar, request).roll_back(account, revision(request)))

    @routes.post(
        "/{name}/activate",
        dependencies=[needs(Permission.ROTATE)],
        summary="Have a certificate sign, once its URL has been seen to serve its chain",
        response_model=Active,
        responses=problems(_CHANGES | {422: "It cannot sign, or there is no such account"}),
        openapi_extra=described(Activation, {"account": None}),
    )
    async def activate_certificate(request: Request, name: CertificateName, body: Body) -> Response:
        wanted = validated(Activation, body)
        check_ours(sidecar, name)
        check_account(sidecar, wanted.account)
        manifest = await sidecar.outside.activate(
            custodian(sidecar, request), name, wanted.account, revision(request), wanted.force
        )
        return _active(wanted.account, manifest)

    @routes.post(
        "/{name}/check",
        dependencies=[needs(Permission.ROTATE)],
        summary="Fetch its URL as a verifier would: does it serve exactly this chain?",
        responses=problems({404: "It is not there", 503: "They cannot be read"}),
    )
    async def check_certificate(request: Request, name: CertificateName) -> Sight:
        manifest = await asyncio.to_thread(custodian(sidecar, request).view)
        return await sidecar.outside.look(manifest.certificate(name))


def _add_endings(routes: APIRouter, sidecar: Sidecar) -> None:
    takes: Any = described(Ending, {"reason": "replaced by 616H-2027"})

    @routes.post(
        "/{name}/retire",
        dependencies=[needs(Permission.CERTIFICATES)],
        summary="Have a certificate never sign again; it stays published",
        response_model=CertificateShown,
        responses=problems(_CHANGES),
        openapi_extra=takes,
    )
    def retire_certificate(request: Request, name: CertificateName, body: Body) -> Response:
        check_ours(sidecar, name)
        keeper, reason = custodian(sidecar, request), validated(Ending, body).reason
        manifest = keeper.retire(name, reason, revision(request))
        return answer(certificate_shown(manifest.certificate(name), manifest, sidecar), manifest)

    @routes.post(
        "/{name}/revoke",
        dependencies=[needs(Permission.CERTIFICATES)],
        summary="Note that the STI-CA has revoked it: what it would sign is answered 503 from now on",
        response_model=CertificateShown,
        responses=problems(_CHANGES),
        openapi_extra=takes,
    )
    def revoke_certificate(request: Request, name: CertificateName, body: Body) -> Response:
        check_ours(sidecar, name)
        keeper, reason = custodian(sidecar, request), validated(Ending, body).reason
        manifest = keeper.revoke(name, reason, revision(request))
        return answer(certificate_shown(manifest.certificate(name), manifest, sidecar), manifest)


async def _pem_body(request: Request) -> bytes:
    """The PEM that a request carries; raises Unfit (413, 415)."""
    check_type(request, MEDIA_TYPE)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FILE:
            raise Unfit(413, f"chain-too-long: a chain has {LARGEST_FILE} bytes at most")
    return bytes(body)


def check_ours(sidecar: Sidecar, name: str) -> None:
    """Raise CredentialRefused (configured-read-only) for the certificate that the configuration names."""
    if sidecar.book.configured and sidecar.book.configured.name == name:
        refuse("configured-read-only", f"{name} is the configuration's: change it there")


def check_account(sidecar: Sidecar, account: str | None) -> None:
    """Raise CredentialRefused (account-unknown): a certificate for an account that is misspelt would sign for nobody."""
    snapshot = sidecar.in_force.snapshot() if sidecar.in_force else None
    if snapshot and account is not None and snapshot.accounts.get(account) is None:
        refuse("account-unknown", f"the policy has no account {account!r}")


def _active(account: str | None, manifest: Manifest) -> Response:
    found = manifest.active_for(account)
    shown = Active(account=account, certificate=found.name if found else None, revision=manifest.revision)
    return answer(shown, manifest)
