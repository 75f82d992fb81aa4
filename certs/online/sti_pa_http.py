"""The lab STI-PA over HTTP: it gives SPC tokens to who knows the account's password.

Both ways that are in use:

    POST /api/v1/auth/login               {"userId", "password"} → {"status", "accessToken"}, good for an hour
    POST /api/v1/account/<SPC>/token[/]   Authorization: <accessToken>, {"atc": {…}} → {"status", "message", "token", "crl"}
    POST /at/account/<SPC>/token          HTTP Basic, {…} without the wrapper → {"token"} (RFC 9448 §5.5)
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel

from certs import profile
from certs.authority import Authority, SerialSource, new_key
from certs.lab import Lab
from certs.online import tokens
from certs.online.faults import RETRY_AFTER, Faults
from certs.online.problem import Refused
from certs.online.tokens import Atc, TokenSigner
from gateway.stir import tnauthlist

ACCESS_LIFETIME = timedelta(hours=1)

Given = Annotated[str, Header(alias="Authorization")]


class Login(BaseModel):
    userId: str
    password: str


class Wrapped(BaseModel):
    atc: Atc


@dataclass(frozen=True, slots=True)
class PaAccount:
    """Who may ask for tokens, and for which service provider codes."""

    user: str
    password: str = field(repr=False)
    codes: tuple[str, ...]


class StiPa:
    """The token service. now: the time, aware."""

    def __init__(
        self,
        lab: Lab,
        signer: TokenSigner,
        accounts: tuple[PaAccount, ...],
        faults: Faults,
        now: Callable[[], datetime],
    ) -> None:
        self._lab, self._signer, self._accounts = lab, signer, accounts
        self._faults, self._now = faults, now
        self._sessions: dict[str, tuple[PaAccount, datetime]] = {}
        self.issued = 0
        self.routes = APIRouter()
        self.routes.add_api_route("/api/v1/auth/login", self._login, methods=["POST"])
        for slash in ("", "/"):
            path = f"/api/v1/account/{{code}}/token{slash}"
            self.routes.add_api_route(path, self._wrapped, methods=["POST"])
        self.routes.add_api_route("/at/account/{code}/token", self._plain, methods=["POST"])

    async def _login(self, asked: Login) -> Response:
        if faulty := self._faulty():
            return faulty
        for account in self._accounts:
            if (account.user, account.password) == (asked.userId, asked.password):
                access = secrets.token_urlsafe(24)
                self._sessions[access] = account, self._now() + ACCESS_LIFETIME
                return JSONResponse({"status": "success", "message": "TEST ONLY", "accessToken": access})
        return _failure(401, "wrong user or password")

    async def _wrapped(self, code: str, asked: Wrapped, authorization: Given = "") -> Response:
        if faulty := self._faulty():
            return faulty
        account, until = self._sessions.get(authorization, (None, self._now()))
        if account is None or until < self._now():
            return _failure(401, "log in first")
        if code not in account.codes:
            return _failure(403, "not your account")
        made = self._token(code, asked.atc)
        crl = self._lab.state().url("crl.pem")
        return JSONResponse({"status": "success", "message": "TEST ONLY", "token": made, "crl": crl})

    async def _plain(self, code: str, asked: Atc, authorization: Given = "") -> Response:
        if faulty := self._faulty():
            return faulty
        for account in self._accounts:
            basic = base64.b64encode(f"{account.user}:{account.password}".encode()).decode()
            if authorization == f"Basic {basic}" and code in account.codes:
                return JSONResponse({"token": self._token(code, asked)})
        return _failure(403, "wrong credentials")

    def _token(self, code: str, atc: Atc) -> str:
        """A token, spoilt as the faults want it; raises Refused for a TNAuthList that is not the account's."""
        if tokens.der(atc.tkvalue) != tnauthlist.encode([tnauthlist.Spc(code)]):
            raise Refused("unauthorized", "that is not the account's service provider code", 403)
        signer, lifetime = self._signer, tokens.LIFETIME
        if self._faults.happens("wrong-fingerprint"):
            atc = atc.model_copy(update={"fingerprint": tokens.fingerprint(secrets.token_bytes(32))})
        if self._faults.happens("expired-token"):
            lifetime = -tokens.LIFETIME
        if self._faults.happens("forged-token"):
            signer = TokenSigner(Authority(signer.party.certificate, new_key()), signer.x5u)
        self.issued += 1
        return tokens.issue(signer, atc, self._now(), lifetime)

    def _faulty(self) -> Response | None:
        if self._faults.happens("sti-pa-unavailable"):
            return PlainTextResponse("TEST ONLY: asked to", 503, {"Retry-After": str(RETRY_AFTER)})
        if self._faults.happens("sti-pa-garbage"):
            return PlainTextResponse("<html>TEST ONLY", 200)
        return _failure(401, "asked to") if self._faults.happens("sti-pa-refuses") else None


def token_signer(lab: Lab, x5u: str, now: datetime, serials: SerialSource) -> TokenSigner:
    """A new party that signs tokens in the STI-PA's name; raises LabRefused where there is no lab."""
    key, pa = new_key(), lab.sti_pa()
    template = profile.token_signer(key.public_key(), pa.certificate, now, serials())
    return TokenSigner(Authority(pa.issue(template), key), x5u)


def _failure(status: int, message: str) -> JSONResponse:
    return JSONResponse({"status": "error", "message": f"TEST ONLY: {message}"}, status)
