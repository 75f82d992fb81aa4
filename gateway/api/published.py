"""Our own certificate chains for the verifiers of our calls (RFC 9060 §5: the whole path, signer first).

Every chain that was not deleted is served: a call may be verified long after its certificate was replaced.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, HTTPException, Response

from gateway.api.problems import Problem
from gateway.api.sidecar import Sidecar
from gateway.credentials.book import Served, served_of
from gateway.credentials.custodian import Custodian
from gateway.credentials.manifest_file import ManifestUnreadable

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
