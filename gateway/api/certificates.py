"""Our own certificate chain for the verifiers of our calls (RFC 9060 §5: the whole path, signer first)."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, HTTPException, Response

from gateway.api.problems import Problem
from gateway.api.sidecar import Sidecar
from gateway.trust.credential import Credential

MEDIA_TYPE = "application/pem-certificate-chain"

# Verifiers keep a chain a day whatever we say (ATIS-1000074 §5.3.1), but none may keep it past its end.
_LONGEST_KEPT = 86400


def router(sidecar: Sidecar) -> APIRouter:
    """`/certs/<name>.pem`."""
    routes = APIRouter(tags=["certificates"])

    @routes.get(
        "/certs/{name}.pem",
        summary="The chain that verifies what we sign",
        response_class=Response,
        responses={200: {"content": {MEDIA_TYPE: {}}}, 404: {"model": Problem}},
    )
    async def chain(name: str) -> Response:
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
