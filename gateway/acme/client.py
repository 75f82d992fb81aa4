"""The ACME server as we use it: every request signed, with a nonce of its own; every refusal a reason (RFC 8555 §6, §7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, NoReturn

from gateway.acme import jws
from gateway.acme.answers import Authorization, Directory, Kind, Order, Problem, read
from gateway.acme.failure import AcmeFailed
from gateway.acme.jws import SigningKey
from gateway.acme.settings import safe_url
from gateway.acme.wire import Reply, Wire

MOST_NONCES = 4
"""Nonces tried for one request: a server that took none of these takes none (RFC 8555 §6.5)."""

WORST_CLOCK = 3600.0
"""Seconds that our clock and the server's may be apart."""

_PARTY = "the ACME server"
_JOSE = "application/jose+json"
_CHAIN = "application/pem-certificate-chain"


class Client:
    """One account with one server. `account` is its URL once there is one. `retry_after`: what the last answer said.
    now: epoch seconds."""

    def __init__(
        self, wire: Wire, directory: str, key: SigningKey, account: str | None, now: Callable[[], float]
    ) -> None:
        self._wire, self._where, self._key, self.account = wire, directory, key, account
        self._now = now
        self._directory: Directory | None = None
        self._nonces: list[str] = []
        self.retry_after: float | None = None

    @property
    def fingerprint(self) -> str:
        """The account key as SPC tokens name it."""
        return jws.fingerprint(self._key.public_key())

    async def register(self, contact: Sequence[str], binding: tuple[str, bytes] | None) -> str:
        """Make the account of the key, or find it; its URL. binding: what the CA gave its customer, as (kid, secret)."""
        url = (await self._places()).new_account
        payload: dict[str, Any] = {"termsOfServiceAgreed": True}
        if contact:
            payload["contact"] = list(contact)
        if binding:
            payload["externalAccountBinding"] = jws.bound(self._key.public_key(), url, *binding)
        reply = await self._post(url, payload, with_key=True)
        self.account = _location(reply)
        return self.account

    async def open(self, identifier: str) -> tuple[str, Order]:
        """Order a certificate for a TNAuthList; the order's URL, and how it stands."""
        wanted = {"identifiers": [{"type": "TNAuthList", "value": identifier}]}
        reply = await self._post((await self._places()).new_order, wanted)
        return _location(reply), read(Order, reply.body)

    async def order(self, url: str) -> Order:
        """How an order stands."""
        return await self._look(Order, url)

    async def authorization(self, url: str) -> Authorization:
        """How an authorization stands."""
        return await self._look(Authorization, url)

    async def answer(self, challenge: str, token: str) -> None:
        """Answer a challenge with an SPC token. `tkauth` is RFC 9447's name for it, `atc` that of its drafts, which some
        STI-CAs still want; a server passes over what it does not know (RFC 8555 §7.5.1)."""
        await self._post(challenge, {"tkauth": token, "atc": token})

    async def finalize(self, url: str, request: bytes) -> Order:
        """Ask for the certificate; request: DER. How the order stands then."""
        return read(Order, (await self._post(url, {"csr": jws.base64url(request)})).body)

    async def chain(self, url: str) -> bytes:
        """The issued chain, PEM."""
        return (await self._post(url, None, accept=_CHAIN)).body

    async def _look(self, kind: type[Kind], url: str) -> Kind:
        return read(kind, (await self._post(url, None)).body)

    async def _places(self) -> Directory:
        if self._directory is None:
            reply = self._good(await self._wire.send(_PARTY, "GET", self._where))
            _check_clock(reply, self._now())
            self._directory = read(Directory, reply.body)
        return self._directory

    async def _post(
        self, url: str, payload: Any, *, with_key: bool = False, accept: str = "application/json"
    ) -> Reply:
        """Send a signed request, with another nonce where the server wants one."""
        if self._where.startswith("https:") and not url.startswith("https:"):
            raise AcmeFailed("bad-answer", f"{_PARTY} leads from https to something else")
        headers = {"Content-Type": _JOSE, "Accept": accept}
        for _ in range(MOST_NONCES):
            nonce = await self._nonce()
            body = jws.signed(self._key, url, nonce, payload, None if with_key else self.account)
            reply = await self._wire.send(_PARTY, "POST", url, body, headers)
            self._keep_nonce(reply)
            self.retry_after = reply.retry_after
            if reply.is_good or _problem(reply).kind != "badNonce":
                return self._good(reply)
        raise AcmeFailed("bad-nonce", f"{_PARTY} took none of {MOST_NONCES} nonces that it gave us")

    async def _nonce(self) -> str:
        if not self._nonces:
            url = (await self._places()).new_nonce
            self._keep_nonce(self._good(await self._wire.send(_PARTY, "HEAD", url)))
        if not self._nonces:
            raise AcmeFailed("bad-answer", f"{_PARTY} gives no nonce")
        return self._nonces.pop()

    def _keep_nonce(self, reply: Reply) -> None:
        nonce = reply.headers.get("replay-nonce", "")
        if re.fullmatch(
            r"[A-Za-z0-9_-]{1,512}", nonce
        ):  # anything else is to be passed over (RFC 8555 §6.5.1)
            self._nonces = [nonce]

    def _good(self, reply: Reply) -> Reply:
        """The answer, if it is one to go on with."""
        return reply if reply.is_good else _refuse(reply)


def _check_clock(reply: Reply, now: float) -> None:
    """A certificate ordered under a wrong clock is paid for and cannot be used; raises AcmeFailed (clock-wrong)."""
    theirs = reply.date
    if theirs is not None and abs(theirs - now) > WORST_CLOCK:
        hours = f"{abs(theirs - now) / 3600:.1f} hours"
        text = f"the clocks of this machine and of {_PARTY} are {hours} apart: set this one right"
        raise AcmeFailed("clock-wrong", text)


def _location(reply: Reply) -> str:
    try:
        return safe_url(reply.headers.get("location", ""))
    except ValueError:
        raise AcmeFailed("bad-answer", f"{_PARTY} does not say where to find what it made") from None


def _problem(reply: Reply) -> Problem:
    try:
        return read(Problem, reply.body)
    except AcmeFailed:
        return Problem()


_REASONS = {"accountDoesNotExist": "account-unknown", "rateLimited": "rate-limited"}


def _refuse(reply: Reply) -> NoReturn:
    """A reason that is stable, whatever words the server has for it."""
    problem, wait = _problem(reply), reply.retry_after
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        reason = _REASONS.get(problem.kind, "server-unavailable")
        raise AcmeFailed(reason, f"{_PARTY} answers {reply.status}: {problem}", retry_after=wait)
    if reply.status == HTTPStatus.NOT_FOUND:
        raise AcmeFailed("order-unknown", f"{_PARTY} does not know it any more: {problem}", ends_order=True)
    reason = _REASONS.get(problem.kind, "refused")
    raise AcmeFailed(
        reason,
        f"{_PARTY} refuses ({reply.status}): {problem}",
        retry_after=wait,
        ends_order=reason == "refused",
        forgets_account=reason == "account-unknown",
    )
