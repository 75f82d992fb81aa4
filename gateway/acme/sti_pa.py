"""The STI-PA, asked for an SPC token in either of the ways that are in use. What proves who we are is read when it is needed
and kept nowhere.

    atis      POST <url>/auth/login {"userId", "password"} → accessToken; POST <url>/account/<id>/token, Authorization: it
    rfc9448   POST <url>/account/<id>/token with HTTP Basic (RFC 9448 §5.5 leaves open how a client shows who it is)
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gateway.acme.failure import AcmeFailed, printable
from gateway.acme.settings import Shape
from gateway.acme.spc_token import Wanted
from gateway.acme.wire import Reply, Wire
from gateway.trust.secret_file import SecretRefused, read_secret

_PARTY = "the STI-PA"
_LONGEST_SECRET = 4_096


@dataclass(frozen=True, slots=True)
class StiPa:
    """An account with an STI-PA: `url` is what stands before /account, `password` a file."""

    url: str
    shape: Shape
    account: str
    user: str
    password: Path

    async def token(self, wire: Wire, wanted: Wanted) -> str:
        """A token as it was given, unjudged; AcmeFailed (sti-pa-…, password-…)."""
        proof = await self._proof(wire)
        said = await _post(
            wire,
            f"{self.url}/account/{self.account}/token",
            wanted.request(self.shape),
            {"Authorization": proof},
        )
        return _text(said, "token")

    async def _proof(self, wire: Wire) -> str:
        """What the Authorization header says."""
        password = secret(self.password)
        if self.shape == "rfc9448":
            return f"Basic {b64encode(f'{self.user}:{password}'.encode()).decode('ascii')}"
        login = {"userId": self.user, "password": password}
        said = await _post(wire, f"{self.url}/auth/login", login, {}, quoted=False)
        proof = _text(said, "accessToken")
        if not proof.isascii() or not proof.isprintable():
            raise AcmeFailed("sti-pa-bad-answer", f"{_PARTY} gives an accessToken that no header can hold")
        return proof


def secret(path: Path) -> str:
    """The text of a file that nobody else may read, without its line's end; AcmeFailed (password-…)."""
    try:
        found = read_secret(path).decode().rstrip("\r\n")
    except SecretRefused as refused:
        raise AcmeFailed(f"password-{refused.reason}", str(refused)) from None
    except UnicodeDecodeError:
        raise AcmeFailed("password-unreadable", f"{path} is no text") from None
    if not 0 < len(found) <= _LONGEST_SECRET:
        raise AcmeFailed("password-unreadable", f"{path} is empty or too long: write one line into it")
    return found


async def _post(
    wire: Wire, url: str, body: dict[str, Any], headers: dict[str, str], *, quoted: bool = True
) -> dict[str, Any]:
    """What the STI-PA says. quoted: whether its words may be shown, which could repeat what was sent."""
    content = json.dumps(body).encode()
    json_both = {"Content-Type": "application/json", "Accept": "application/json"}
    reply = await wire.send(_PARTY, "POST", url, content, {**json_both, **headers})
    said = _json(reply)
    words = printable(f": {said['message']}") if quoted and "message" in said else ""
    if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        text = f"{_PARTY} does not take our user and password, or not for this account{words}"
        raise AcmeFailed("sti-pa-refused", text)
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        text = f"{_PARTY} answers {reply.status}"
        raise AcmeFailed("sti-pa-unavailable", text, retry_after=reply.retry_after)
    if not reply.is_good or said.get("status", "success") != "success":
        raise AcmeFailed("sti-pa-refused", f"{_PARTY} answers {reply.status}{words}")
    return said


def _json(reply: Reply) -> dict[str, Any]:
    """What it says; nothing at all where that is no JSON object."""
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(said: dict[str, Any], key: str) -> str:
    value = said.get(key)
    if not isinstance(value, str) or not value:
        raise AcmeFailed("sti-pa-bad-answer", f"{_PARTY}'s answer has no {key}")
    return value
