"""`POST /stir/v1/signing` (ATIS-1000082): another SIP element asks for the Identity value of its call.

The client decides the attestation, for it is the one that knows its customer; this door checks the form
of what it is given and signs it. The checks come in the order of the exception table: headers, body,
parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import Headers

from gateway import log
from gateway.api.sidecar import Sidecar
from gateway.api.stir_errors import TABLE, RequestError, StirError
from gateway.stir import identity
from gateway.stir.claims import Attest, ShakenClaims

PREFIX = "/stir/v1"

_JSON = "application/json"
_LONGEST_BODY = 65536
_SEPARATORS = str.maketrans("", "", "+.-()")

_log = log.get("stir-api")


def _number(text: str) -> str:
    digits = text.translate(_SEPARATORS)
    if not re.fullmatch(r"[0-9*#]{1,15}", digits):
        raise ValueError("must be 1 to 15 of 0-9 * #, with + . - ( ) between them")
    return digits


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("must be a UUID") from None


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Number = Annotated[str, Field(examples=["12155551212"]), AfterValidator(_number)]


class Caller(_Exact):
    """The calling number."""

    tn: Number


class Callees(_Exact):
    """The called numbers."""

    tn: Annotated[tuple[Number, ...], Field(min_length=1)]


class SigningRequest(_Exact):
    """What is to be signed; `iat` is in epoch seconds."""

    attest: Attest
    dest: Callees
    iat: Annotated[int, Field(strict=True, gt=0)]
    orig: Caller
    origid: Annotated[str, AfterValidator(_uuid)]
    ppt: Literal["shaken"] = "shaken"


class SigningBody(_Exact):
    """The body of a signing request."""

    signingRequest: SigningRequest


class SigningResponse(BaseModel):
    """The full Identity header value."""

    identity: str


class SigningAnswer(BaseModel):
    """The body of a signing answer."""

    signingResponse: SigningResponse


def router(sidecar: Sidecar) -> APIRouter:
    """The signing resource."""
    routes = APIRouter(prefix=PREFIX, tags=["stir"])

    @routes.post(
        "/signing",
        summary="Sign a call (ATIS-1000082)",
        response_model=SigningAnswer,
        responses={status: {"model": RequestError} for status, _ in TABLE.values()},
        openapi_extra={
            "requestBody": {"required": True, "content": {_JSON: {"schema": _inline_schema(SigningBody)}}},
            "parameters": [
                _header("X-RequestID", "Echoed in the answer."),
                _header("X-InstanceID", "Who asks."),
            ],
        },
    )
    async def sign(request: Request) -> JSONResponse:
        check_headers(request.headers)
        wanted = read(await _body(request))
        answer = SigningAnswer(signingResponse=SigningResponse(identity=_identity(sidecar, wanted)))
        _log.info(
            "signed",
            attest=wanted.attest,
            origid=wanted.origid,
            instance=request.headers.get("x-instanceid"),
        )
        return reply(request, 200, answer)

    return routes


def check_headers(headers: Headers) -> None:
    """Raise StirError unless the request's length, type and accepted answers are ones we can serve."""
    if not headers.get("content-length", "").isdigit():
        raise StirError("SVC4007")
    if _media_type(headers.get("content-type", "")) != _JSON:
        raise StirError("SVC4004", _JSON)
    accepted = headers.get("accept", "*/*")
    if not {"*/*", "application/*", _JSON}.intersection(map(_media_type, accepted.split(","))):
        raise StirError("SVC4002", accepted[:100])


def read(body: bytes) -> SigningRequest:
    """The request in a body; raises StirError naming the first thing wrong with it."""
    if not body.strip():
        raise StirError("SVC4000")
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise StirError("SVC4006", str(error)) from None
    try:
        return SigningBody.model_validate(parsed).signingRequest
    except ValidationError as error:
        raise _parameter_error(error) from None


def reply(request: Request, status: int, body: BaseModel) -> JSONResponse:
    """An answer that carries the request's X-RequestID, or one of ours."""
    wanted = request.headers.get("x-requestid", "")
    request_id = wanted if 0 < len(wanted) <= 128 else str(uuid4())
    headers = {"X-RequestID": request_id}
    return JSONResponse(body.model_dump(exclude_none=True), status_code=status, headers=headers)


async def _body(request: Request) -> bytes:
    if int(request.headers["content-length"]) > _LONGEST_BODY:
        raise StirError("SVC4005", "Content-Length", f"more than {_LONGEST_BODY} bytes")
    return await request.body()


def _identity(sidecar: Sidecar, wanted: SigningRequest) -> str:
    credential, signer = sidecar.credential, sidecar.signer
    problem = sidecar.credential_problem(sidecar.now())
    if credential is None or signer is None or problem:
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
    return identity.build(signer.sign(claims), credential.x5u)


def _parameter_error(error: ValidationError) -> StirError:
    detail = error.errors(include_url=False, include_input=False)[0]
    name = _dotted(detail["loc"])
    if detail["type"] == "missing":
        return StirError("SVC4001", name)
    return StirError("SVC4005", name or "body", detail["msg"].removeprefix("Value error, "))


def _dotted(path: Iterable[str | int]) -> str:
    return ".".join(map(str, path))


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _inline_schema(model: type[BaseModel]) -> dict[str, object]:
    """The model's JSON schema with its parts in place, so that it stands alone inside an operation."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def inlined(node: object) -> object:
        if isinstance(node, dict):
            if "$ref" in node:
                return inlined(parts[node["$ref"].rpartition("/")[2]])
            return {key: inlined(value) for key, value in node.items()}
        return [inlined(each) for each in node] if isinstance(node, list) else node

    return {key: inlined(value) for key, value in schema.items()}


def _header(name: str, description: str) -> dict[str, object]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
