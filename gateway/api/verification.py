"""`POST /stir/v1/verification`: another SIP element asks what to believe of its call, in either dialect.

A verification that fails is an answer like any other (HTTP 200), with its reason. An error is a request that cannot be
read, never a token that cannot.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter

from gateway import log
from gateway.access.permissions import Permission
from gateway.api import answers
from gateway.api.atis import VerificationAnswer, VerificationBody, VerificationRequest
from gateway.api.authorisation import needs
from gateway.api.ms_verification import MsVerificationAnswer, MsVerificationBody, MsVerificationRequest
from gateway.api.openapi import examples
from gateway.api.parameters import validated
from gateway.api.sidecar import Sidecar
from gateway.api.stir_http import PREFIX, read, reply, speaks_ms
from gateway.api.stir_openapi import ERRORS, described

_IDENTITY = "eyJhbGci...;info=<https://certs.example.org/616H.pem>;alg=ES256;ppt=shaken"
_CALLER = {"tn": "12155551212"}
_ATIS_EXAMPLE = {"from": _CALLER, "to": {"tn": ["12155551213"]}, "time": 1471375418, "identity": _IDENTITY}
_MS_EXAMPLE = {"identityHeader": _IDENTITY, "to": {"tn": "12155551213"}, "time": 1471375418, "from": _CALLER}

_log = log.get("stir-api")


def router(sidecar: Sidecar, registry: CollectorRegistry) -> APIRouter:
    """The verification resource; its counter goes to `registry`."""
    routes = APIRouter(prefix=PREFIX, tags=["stir"], dependencies=[needs(Permission.STIR)])
    verdicts = Counter(
        "stirgw_rest_verifications", "Verifications asked for over HTTP.", ["reason"], registry=registry
    )

    @routes.post(
        "/verification",
        summary="Verify a call (ATIS-1000082, 3GPP TS 24.229 Annex V)",
        response_model=VerificationAnswer | MsVerificationAnswer,
        responses=examples(answers.VERIFIED) | ERRORS,
        openapi_extra=described(
            VerificationBody,
            MsVerificationBody,
            examples={
                "ATIS-1000082": {"verificationRequest": _ATIS_EXAMPLE},
                "3GPP TS 24.229": {"verificationRequest": _MS_EXAMPLE},
            },
        ),
    )
    async def verify_call(request: Request) -> Response:
        asked = _asked(await read(request), speaks_ms(request))
        verdict = await sidecar.verify(asked.identities, asked.call(sidecar.plan))
        verdicts.labels(verdict.reason.value).inc()
        _log.info(
            "verified",
            reason=verdict.reason.value,
            attest=verdict.attest,
            origid=verdict.origid,
            instance=request.headers.get("x-instanceid"),
        )
        return reply(request, 200, asked.answer(verdict))

    return routes


def _asked(body: object, ms_spoken: bool) -> VerificationRequest | MsVerificationRequest:
    if ms_spoken:
        return validated(MsVerificationBody, body).verificationRequest
    return validated(VerificationBody, body).verificationRequest
