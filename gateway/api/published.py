"""Our own certificate chains for the verifiers of our calls (RFC 9060 §5: the whole path, signer first).

Every chain that was not deleted is served: a call may be verified long after its certificate was replaced.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response

from gateway.api.authorisation import public
from gateway.api.headers import Described, Responses
from gateway.api.problems import problems
from gateway.api.sidecar import Sidecar
from gateway.credentials.book import Served, served_of
from gateway.credentials.custodian import Custodian
from gateway.credentials.manifest_file import ManifestUnreadable

PATH = "/certs/{name}.pem"
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
    routes = APIRouter(tags=["certificates"], dependencies=[public()])

    @routes.head(PATH, include_in_schema=False)
    @routes.get(
        PATH,
        summary="The chain that verifies what we sign",
        response_class=Response,
        responses=_ANSWER | problems({404: "There is none of this name", 429: "Too fast"}),
    )
    async def get_chain(name: CertificateName) -> Response:
        served = sidecar.book.served(name)
        if served is None and sidecar.custodian:  # it may have been installed this moment
            served = await asyncio.to_thread(_newest, sidecar.custodian, name)
        if served is None:
            raise HTTPException(404, f"no certificate is published as {name!r}")
        return _chain_response(served, sidecar.now())

    return routes


def _newest(custodian: Custodian, name: str) -> Served | None:
    try:
        return served_of(custodian.view(), name)
    except ManifestUnreadable:  # told by those who follow it
        return None


def _chain_response(served: Served, now: float) -> Response:
    kept = max(0, min(_LONGEST_KEPT, int(served.not_after - now)))
    headers = {"Cache-Control": f"public, max-age={kept}", "ETag": f'"{served.fingerprint}"'}
    return Response(served.pem, media_type=MEDIA_TYPE, headers=headers)
