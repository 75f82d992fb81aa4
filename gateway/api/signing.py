"""`POST /stir/v1/signing`: another SIP element asks for the Identity value of its call, in either dialect.

The client says the attestation, for it is the one that knows its customer. Where its address is that of a peer, the
number policy of that peer and of its account goes before: what it refuses is not signed, and no call gets a better
attestation than the policy gives it. A client that is no peer is trusted as its token or certificate is.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway import log
from gateway.access.permissions import Permission
from gateway.api import answers
from gateway.api.atis import SigningAnswer, SigningBody, SigningRequest
from gateway.api.authorisation import needs
from gateway.api.ms_signing import MsSigningAnswer, MsSigningBody, MsSigningRequest
from gateway.api.openapi import examples
from gateway.api.parameters import validated
from gateway.api.sidecar import Sidecar
from gateway.api.stir_errors import StirError
from gateway.api.stir_http import PREFIX, read, reply, speaks_ms
from gateway.api.stir_openapi import ERRORS, described
from gateway.engine import OutboundCall, Refuse, decide_signing
from gateway.stir import identity
from gateway.stir.claims import ATTESTS, ShakenClaims
from gateway.stir.passport import CannotSign

_EXAMPLE = {
    "attest": "A",
    "dest": {"tn": ["12155551213"]},
    "iat": 1471375418,
    "orig": {"tn": "12155551212"},
    "origid": "123e4567-e89b-12d3-a456-426655440000",
}

_log = log.get("stir-api")


def router(sidecar: Sidecar) -> APIRouter:
    """The signing resource."""
    routes = APIRouter(prefix=PREFIX, tags=["stir"], dependencies=[needs(Permission.STIR)])

    @routes.post(
        "/signing",
        summary="Sign a call (ATIS-1000082, 3GPP TS 24.229 Annex V)",
        response_model=SigningAnswer | MsSigningAnswer,
        responses=examples(answers.SIGNED) | ERRORS,
        openapi_extra=described(
            SigningBody,
            MsSigningBody,
            examples={
                "ATIS-1000082": {"signingRequest": _EXAMPLE},
                "3GPP TS 24.229": {"signingRequest": {**_EXAMPLE, "requestId": "call-1"}},
            },
        ),
    )
    async def sign_call(request: Request) -> Response:
        return await answer(sidecar, request)

    return routes


async def answer(sidecar: Sidecar, request: Request) -> Response:
    """The answer to a request that was let in; raises StirError."""
    wanted = _wanted(await read(request), speaks_ms(request))
    account = _admit(sidecar, request, wanted)
    signed = wanted.answer(_identity(sidecar, wanted, account))
    _log.info(
        "signed",
        attest=wanted.attest,
        origid=wanted.origid,
        instance=request.headers.get("x-instanceid"),
    )
    return reply(request, 200, signed)


def _wanted(body: object, ms_spoken: bool) -> SigningRequest | MsSigningRequest:
    if ms_spoken:
        return validated(MsSigningBody, body).signingRequest
    return validated(SigningBody, body).signingRequest


def _admit(sidecar: Sidecar, request: Request, wanted: SigningRequest | MsSigningRequest) -> str | None:
    """The account whose certificate is to sign, if it is a peer's call.

    Raises StirError where the number policy refuses it, or has a lesser attestation for it.
    """
    source = request.client.host if request.client else ""
    if sidecar.in_force is None:
        return None
    snapshot = sidecar.in_force.snapshot()
    peer = snapshot.peers.find(source)
    if peer is None:
        return None
    account, usage, country = None, sidecar.in_force.usage(), sidecar.in_force.country(source)
    for dest in wanted.dest.tn:
        call = OutboundCall(peer, wanted.orig.tn, dest, source=source, country=country)
        decided = decide_signing(call, snapshot, sidecar.now(), usage)
        if isinstance(decided, Refuse):
            raise StirError("POL4030", decided.rule)
        if decided.attest is None or ATTESTS.index(wanted.attest) < ATTESTS.index(decided.attest):
            raise StirError("POL4030", f"{decided.rule} gives {decided.attest or 'no attestation'}")
        account = decided.account
    return account


def _identity(sidecar: Sidecar, wanted: SigningRequest | MsSigningRequest, account: str | None) -> str:
    book = sidecar.book
    credential, problem = book.for_account(account), book.problem(sidecar.now(), account)
    if credential is None or problem:
        raise StirError("POL5000", f"nothing can be signed, {problem}")
    if credential.usable(wanted.iat):  # RFC 8224 §4.1 step 3: the time signed lies inside the certificate's
        raise StirError("SVC4005", "signingRequest.iat", "the certificate is not valid at that time")
    claims = ShakenClaims(
        attest=wanted.attest,
        dest=wanted.dest.tn,
        iat=wanted.iat,
        orig=wanted.orig.tn,
        origid=wanted.origid,
    )
    try:
        return identity.build(credential.signer.sign(claims), credential.x5u)
    except CannotSign:
        raise StirError("POL5000", "nothing can be signed, certificate.key-failing") from None
