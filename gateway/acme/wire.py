"""HTTP to the parties that the configuration names: bounded in time and size, no redirect, nothing kept between two passes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path

import httpx

from gateway.acme.failure import AcmeFailed

LARGEST = 262_144
"""Bytes of an answer; a chain has a few thousand."""

_AGENT = {"User-Agent": "vos3000-stir-gateway", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. retry_after: seconds, None where it does not say."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    retry_after: float | None

    @property
    def date(self) -> float | None:
        """When the other side's clock says it answered, in epoch seconds; None where it does not say."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).timestamp()
        except (ValueError, TypeError, OverflowError):
            return None

    @property
    def is_good(self) -> bool:
        """Whether it is what was asked for."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Wire:
    """Sends requests. timeout: seconds for one, all of it. ca_file: a CA to trust besides the public ones. now: epoch
    seconds. transport: instead of the network's. To be made and used inside one event loop."""

    def __init__(
        self, timeout: float, ca_file: Path | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._timeout = timeout
        self._transport = transport or httpx.AsyncHTTPTransport(verify=_tls(ca_file), trust_env=False)

    async def close(self) -> None:
        """Close what is open."""
        await self._transport.aclose()

    async def send(
        self, party: str, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """The answer of `party`, as people call it; AcmeFailed (unreachable, timeout, answer-too-large) if there is none."""
        try:
            request = httpx.Request(
                method,
                url,
                headers={**_AGENT, **(headers or {})},
                content=body or None,
                extensions={"timeout": httpx.Timeout(self._timeout).as_dict()},
            )
            async with asyncio.timeout(self._timeout):
                return await self._exchange(party, request)
        except httpx.InvalidURL:
            raise AcmeFailed("bad-answer", f"{party} leads to what is no URL") from None
        except (TimeoutError, httpx.TimeoutException):
            raise AcmeFailed("timeout", f"{party} did not answer in {self._timeout:g} s") from None
        except httpx.HTTPError as error:
            text = f"{party} cannot be reached at {request.url.host}: {_cause(error)}"
            raise AcmeFailed("unreachable", text) from None

    async def _exchange(self, party: str, request: httpx.Request) -> Reply:
        body = bytearray()
        async with aclosing(await self._transport.handle_async_request(request)) as response:
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > LARGEST:
                    raise AcmeFailed("answer-too-large", f"{party} answered with more than {LARGEST} bytes")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, headers, bytes(body), _retry_after(headers))


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca_file:
            context.load_verify_locations(ca_file)
    except OSError as error:  # ssl's own errors among them
        raise AcmeFailed("tls-ca-unusable", f"{ca_file} cannot be used: {error.strerror}") from None
    return context


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds: a number, or a date against the other side's own clock (RFC 9110 §10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        until, sent = (parsedate_to_datetime(each) for each in (value, headers.get("date", "")))
        return max(0.0, (until - sent).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _cause(error: BaseException) -> str:
    """What is at the bottom of it, by its kind: texts of libraries are not ours to show."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
