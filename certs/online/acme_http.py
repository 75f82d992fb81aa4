"""The lab STI-CA over HTTP: the resources of RFC 8555 §7.1, each answer with a nonce for the next request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel

from certs.online import signed, tokens
from certs.online.ca import Account, Ca, Order
from certs.online.faults import RETRY_AFTER, Faults
from certs.online.problem import Refused
from certs.online.signed import Nonces, Signed

PREFIX = "/acme"
CHAIN = "application/pem-certificate-chain"


class NewAccount(BaseModel):
    contact: tuple[str, ...] = ()
    onlyReturnExisting: bool = False


class Identifier(BaseModel):
    type: str
    value: str


class NewOrder(BaseModel):
    identifiers: tuple[Identifier, ...]


class Answer(BaseModel):
    tkauth: str


class Finalize(BaseModel):
    csr: str


class Revoke(BaseModel):
    certificate: str


class AcmeDoor:
    """The resources of one CA."""

    def __init__(self, ca: Ca, nonces: Nonces) -> None:
        self._ca, self._nonces = ca, nonces
        self.routes = APIRouter(prefix=PREFIX)
        self.routes.add_api_route("/directory", self._directory)
        self.routes.add_api_route("/new-nonce", self._new_nonce, methods=["HEAD", "GET"], status_code=204)
        for path, answer in (
            ("/new-account", self._new_account),
            ("/new-order", self._new_order),
            ("/account/{id}", self._account),
            ("/order/{id}", self._order),
            ("/order/{id}/finalize", self._finalize),
            ("/authorization/{id}", self._authorization),
            ("/challenge/{id}", self._challenge),
            ("/certificate/{id}", self._certificate),
            ("/revoke", self._revoke),
        ):
            self.routes.add_api_route(path, answer, methods=["POST"])

    async def _directory(self, request: Request) -> dict[str, Any]:
        names = ("newNonce", "new-nonce"), ("newAccount", "new-account"), ("newOrder", "new-order")
        urls = {name: _url(request, path) for name, path in (*names, ("revokeCert", "revoke"))}
        return {**urls, "meta": {"website": "https://lab.example.test", "TEST ONLY": True}}

    async def _new_nonce(self) -> Response:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})

    async def _new_account(self, request: Request) -> Response:
        sent = await self._signed(request)
        if sent.account is not None:
            raise Refused("malformed", "a new account's request carries its key")
        asked = sent.read(NewAccount)
        account, new = self._ca.register(sent.key, asked.contact, existing=asked.onlyReturnExisting)
        return _account_json(account, request, 201 if new else 200)

    async def _account(self, request: Request, id: str) -> Response:
        account, _ = await self._asker(request)
        if account.id != id:
            raise Refused("unauthorized", "this is somebody else's account", 403)
        return _account_json(account, request, 200)

    async def _new_order(self, request: Request) -> Response:
        account, sent = await self._asker(request)
        asked = sent.read(NewOrder)
        order = self._ca.open(account, tuple((each.type, each.value) for each in asked.identifiers))
        return _order_json(order, request, 201)

    async def _order(self, request: Request, id: str) -> Response:
        account, _ = await self._asker(request)
        return _order_json(self._ca.order(id, account), request)

    async def _finalize(self, request: Request, id: str) -> Response:
        account, sent = await self._asker(request)
        csr = tokens.der(sent.read(Finalize).csr)
        return _order_json(self._ca.finalize(self._ca.order(id, account), account, csr), request)

    async def _authorization(self, request: Request, id: str) -> Response:
        account, _ = await self._asker(request)
        order = self._ca.order(id, account)
        status = order.challenge if order.challenge in ("valid", "invalid") else "pending"
        body = {
            "status": status,
            "expires": order.expires.isoformat(),
            "identifier": {"type": "TNAuthList", "value": order.identifier},
            "challenges": [_challenge_json(order, request)],
        }
        return JSONResponse(body, headers=_patience(order))

    async def _challenge(self, request: Request, id: str) -> Response:
        account, sent = await self._asker(request)
        order = self._ca.order(id, account)
        if sent.payload is not None:
            order = self._ca.answer(order, account, sent.read(Answer).tkauth)
        up = f'<{_url(request, f"authorization/{order.id}")}>;rel="up"'
        return JSONResponse(_challenge_json(order, request), headers={"Link": up})

    async def _certificate(self, request: Request, id: str) -> Response:
        account, _ = await self._asker(request)
        chain = self._ca.order(id, account).chain
        if chain is None:
            raise Refused("malformed", "nothing was issued for this order", 404)
        return Response(chain, media_type=CHAIN)

    async def _revoke(self, request: Request) -> Response:
        account, sent = await self._asker(request)
        self._ca.revoke(account, tokens.der(sent.read(Revoke).certificate))
        return Response(status_code=200)

    async def _signed(self, request: Request) -> Signed:
        if request.headers.get("content-type") != "application/jose+json":
            raise Refused("malformed", "send application/jose+json", 415)
        prefix = _url(request, "account/")

        def key_of(url: str) -> Any:
            if not url.startswith(prefix):
                raise Refused("accountDoesNotExist", f"{url} is no account here")
            return self._ca.account(url.removeprefix(prefix)).key

        return signed.read(await request.body(), str(request.url), self._nonces, key_of)

    async def _asker(self, request: Request) -> tuple[Account, Signed]:
        sent = await self._signed(request)
        if sent.account is None:
            raise Refused("malformed", "name the account as kid")
        return self._ca.account(sent.account.removeprefix(_url(request, "account/"))), sent


def include(app: FastAPI, ca: Ca, nonces: Nonces, faults: Faults, now: Callable[[], datetime]) -> None:
    """Put the CA into the application, its faults and its errors included."""
    app.include_router(AcmeDoor(ca, nonces).routes)

    @app.middleware("http")
    async def acme(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        if not request.url.path.startswith(PREFIX):
            return await go_on(request)
        answer = _faulty(request, faults) or await go_on(request)
        answer.headers["Date"] = format_datetime(now(), usegmt=True)
        answer.headers["Replay-Nonce"] = nonces.new()
        answer.headers.append("Link", f'<{_url(request, "directory")}>;rel="index"')
        return answer

    @app.exception_handler(Refused)
    async def refused(_request: Request, error: Refused) -> JSONResponse:
        return JSONResponse(error.as_json(), error.status, media_type="application/problem+json")


def _faulty(request: Request, faults: Faults) -> Response | None:
    """The answer that a fault has in place of the real one."""
    if faults.happens("unavailable"):
        return PlainTextResponse("TEST ONLY: asked to", 503, {"Retry-After": str(RETRY_AFTER)})
    if request.method == "POST" and faults.happens("bad-nonce"):
        error = Refused("badNonce", "asked to")
        return JSONResponse(error.as_json(), error.status, media_type="application/problem+json")
    if request.method != "HEAD" and faults.happens("garbage"):
        return PlainTextResponse("<html>TEST ONLY", 200)
    return None


def _url(request: Request, path: str) -> str:
    return f"{str(request.base_url).rstrip('/')}{PREFIX}/{path}"


def _account_json(account: Account, request: Request, status: int) -> JSONResponse:
    body = {"status": "valid", "contact": account.contact}
    return JSONResponse(body, status, {"Location": _url(request, f"account/{account.id}")})


def _order_json(order: Order, request: Request, status: int = 200) -> JSONResponse:
    body: dict[str, Any] = {
        "status": order.status,
        "expires": order.expires.isoformat(),
        "identifiers": [{"type": "TNAuthList", "value": order.identifier}],
        "authorizations": [_url(request, f"authorization/{order.id}")],
        "finalize": _url(request, f"order/{order.id}/finalize"),
    }
    if order.error:
        body["error"] = dict(order.error)
    if order.chain:
        body["certificate"] = _url(request, f"certificate/{order.id}")
    return JSONResponse(body, status, {"Location": _url(request, f"order/{order.id}"), **_patience(order)})


def _challenge_json(order: Order, request: Request) -> dict[str, Any]:
    body = {
        "type": "tkauth-01",
        "tkauth-type": "atc",
        "url": _url(request, f"challenge/{order.id}"),
        "status": order.challenge,
        "token": f"lab-{order.id}",
    }
    return {**body, "error": dict(order.error)} if order.error else body


def _patience(order: Order) -> dict[str, str]:
    """When to look again at what is under way."""
    under_way = order.challenge == "processing" or order.status == "processing"
    return {"Retry-After": str(RETRY_AFTER)} if under_way else {}
