"""`/v1/keys`: key pairs that are made or imported here, and signing requests for them. No private half is ever told."""

from __future__ import annotations

from typing import Annotated, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from gateway.access.permissions import Permission
from gateway.api.authorisation import needs
from gateway.api.body import described, json_body, validated
from gateway.api.custody import KeyShown, answer, custodian, gone, key_shown, revision
from gateway.api.problems import problems
from gateway.api.sidecar import Sidecar
from gateway.credentials.request import CsrSubject
from gateway.rim import Strict

Body = Annotated[object, Depends(json_body)]


class NewKey(Strict):
    """A key pair to be made, or imported: `pem` is a private key on P-256, `passphrase` opens it if it is encrypted."""

    label: Annotated[str, Field(min_length=1, max_length=64, examples=["616H 2027"])]
    store: Literal["file", "pkcs11"] = "file"
    pem: Annotated[SecretStr, Field(max_length=16_384)] | None = None
    passphrase: Annotated[SecretStr, Field(max_length=1024)] | None = None


class Subject(Strict):
    """Whom a certificate is to be for: service provider code, country (ISO 3166) and legal name."""

    spc: Annotated[str, Field(max_length=20, examples=["616H"])]
    country: Annotated[str, Field(max_length=2, examples=["US"])] = "US"
    organization: Annotated[str, Field(max_length=64, examples=["Example Telecom LLC"])]


class KeyList(BaseModel):
    """Every key; `revision` is that of all keys and certificates together."""

    items: list[KeyShown]
    revision: int


class RequestShown(BaseModel):
    """A signing request for an STI-CA."""

    csr: str = Field(description="PKCS #10, PEM.")


def router(sidecar: Sidecar) -> APIRouter:
    """Keys."""
    routes = APIRouter(prefix="/v1/keys", tags=["keys"])
    _add_collection(routes, sidecar)
    _add_key(routes, sidecar)
    return routes


def _add_collection(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.get(
        "",
        dependencies=[needs(Permission.READ)],
        summary="Our keys",
        response_model=KeyList,
        responses=problems({503: "They cannot be read"}),
    )
    def every(request: Request) -> Response:
        manifest = custodian(sidecar, request).view()
        items = [key_shown(each, manifest) for each in manifest.keys]
        return answer(KeyList(items=items, revision=manifest.revision), manifest)

    @routes.post(
        "",
        dependencies=[needs(Permission.CERTIFICATES)],
        status_code=201,
        summary="Make a key pair, or import one",
        response_model=KeyShown,
        responses=problems(
            {
                409: "It is there already, or there is no such store",
                412: "A condition failed",
                422: "It is no key that signs calls",
                503: "The key store is away",
            }
        ),
        openapi_extra=described(NewKey, {"label": "616H 2027", "store": "file"}),
    )
    def make(request: Request, body: Body) -> Response:
        wanted, keeper = validated(NewKey, body), custodian(sidecar, request)
        if wanted.pem is None:
            key = keeper.make_key(wanted.label, wanted.store, revision(request))
        else:
            passphrase = wanted.passphrase.get_secret_value().encode() if wanted.passphrase else None
            pem = wanted.pem.get_secret_value().encode()
            key = keeper.import_key(wanted.label, pem, passphrase, wanted.store, revision(request))
        manifest = keeper.view()
        return answer(key_shown(key, manifest), manifest, 201, f"/v1/keys/{key.id}")


def _add_key(routes: APIRouter, sidecar: Sidecar) -> None:
    @routes.get(
        "/{id}",
        dependencies=[needs(Permission.READ)],
        summary="One of our keys",
        response_model=KeyShown,
        responses=problems({404: "It is not there", 503: "They cannot be read"}),
    )
    def one(request: Request, id: str) -> Response:
        manifest = custodian(sidecar, request).view()
        return answer(key_shown(manifest.key(id), manifest), manifest)

    @routes.delete(
        "/{id}",
        dependencies=[needs(Permission.CERTIFICATES)],
        status_code=204,
        summary="Destroy a key that no certificate needs",
        responses=problems(
            {
                404: "It is not there",
                409: "A certificate needs it",
                412: "A condition failed",
                503: "It cannot be",
            }
        ),
    )
    def destroy(request: Request, id: str) -> Response:
        return gone(custodian(sidecar, request).delete_key(id, revision(request)))

    @routes.post(
        "/{id}/csr",
        dependencies=[needs(Permission.CERTIFICATES)],
        summary="A signing request for an STI-CA, with the subject that ATIS-1000080 wants",
        responses=problems(
            {404: "It is not there", 422: "No CA takes this subject", 503: "The key store is away"}
        ),
        openapi_extra=described(
            Subject, {"spc": "616H", "country": "US", "organization": "Example Telecom LLC"}
        ),
    )
    def csr(request: Request, id: str, body: Body) -> RequestShown:
        asked = validated(Subject, body)
        subject = CsrSubject(asked.spc, asked.country, asked.organization)
        made = x509.load_der_x509_csr(custodian(sidecar, request).csr(id, subject))
        return RequestShown(csr=made.public_bytes(Encoding.PEM).decode())
