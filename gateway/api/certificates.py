"""Our own certificate chain for the verifiers of our calls (RFC 9060 §5: the whole path, signer first)."""

from __future__ import annotations

from typing import Annotated

from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, HTTPException, Path, Response

from gateway.api.headers import Described, Responses
from gateway.api.problems import problems
from gateway.api.sidecar import Sidecar
from gateway.trust.credential import Credential

MEDIA_TYPE = "application/pem-certificate-chain"

# Verifiers keep a chain a day whatever we say (ATIS-1000074 §5.3.1), but none may keep it past its end.
_LONGEST_KEPT = 86400


CertificateName = Annotated[str, Path(description="The certificate's name.", examples=["616H"])]

_SHOWN = "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n"
_HEADERS: Described = {
    "ETag": {"description": "The fingerprint of the signing certificate.", "schema": {"type": "string"}},
    "Cache-Control": {"description": "A day, or less where it ends before.", "schema": {"type": "string"}},
}
_ANSWER: Responses = {
    200: {"headers": _HEADERS, "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _SHOWN}}}
}


def router(sidecar: Sidecar) -> APIRouter:
    """`/certs/<name>.pem`."""
    routes = APIRouter(tags=["certificates"])

    @routes.get(
        "/certs/{name}.pem",
        summary="The chain that verifies what we sign",
        response_class=Response,
        responses=_ANSWER | problems({404: "There is none of this name"}),
    )
    async def get_chain(name: CertificateName) -> Response:
        credential = sidecar.credential
        if credential is None or name != credential.name:
            raise HTTPException(404, f"no certificate is published as {name!r}")
        return _chain_response(credential, sidecar.now())

    return routes


def _chain_response(credential: Credential, now: float) -> Response:
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in credential.chain)
    kept = max(0, min(_LONGEST_KEPT, int(credential.not_after - now)))
    headers = {"Cache-Control": f"public, max-age={kept}", "ETag": f'"{credential.fingerprint}"'}
    return Response(pem, media_type=MEDIA_TYPE, headers=headers)
