"""One download from a host that nobody vouches for: one GET, to an address that was judged, bounded in time and size.

The name is looked up once and the address that was checked is the one connected to, so that a second look-up cannot
lead elsewhere; Host, SNI and the server's certificate are the name's. No redirect is followed (ATIS-1000074 §5.3.1),
nothing is decompressed, and no connection is kept: one kept for another name at the same address would skip that name's
certificate check. httpx's transport is used without its client, which would keep strangers' cookies.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from http import HTTPStatus

import httpx

from gateway.stir.reasons import Reason
from gateway.stir.x5u import X5u
from gateway.trust import http_cache
from gateway.trust.addresses import allowed
from gateway.trust.values import Address, Fetched, FetchFailed, FetchRules

MOST_ADDRESSES = 4
"""Tried for one name: enough for a host with a dead server, too few to scan with."""

Resolve = Callable[[str], Awaitable[Iterable[str]]]
"""The addresses of a host as text; none if it cannot be found."""

_HEADERS = {
    "User-Agent": "vos3000-stir-gateway",
    "Accept": "application/pem-certificate-chain, */*;q=0.5",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


class Downloads:
    """Fetches files by the rules. transport: instead of the network's."""

    def __init__(
        self, rules: FetchRules, resolve: Resolve, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._rules, self._resolve = rules, resolve
        self._transport = transport or httpx.AsyncHTTPTransport(
            verify=_tls(rules), limits=_NOTHING_KEPT, trust_env=False
        )
        self._timeout = httpx.Timeout(None, connect=rules.connect_timeout).as_dict()  # the rest: see `get`

    async def close(self) -> None:
        """Close what is open."""
        await self._transport.aclose()

    async def get(self, url: str, place: X5u, max_bytes: int) -> Fetched:
        """The file at `url`, of which `place` are the parts; raises FetchFailed."""
        try:
            async with asyncio.timeout(self._rules.timeout):
                return await self._from_any(url, place, await self._addresses(place.host), max_bytes)
        except TimeoutError:
            raise FetchFailed(Reason.CERTIFICATE_TIMEOUT, "too-slow", host_down=True) from None

    async def _addresses(self, host: str) -> list[Address]:
        found = list(await self._resolve(host))
        if not found:
            raise FetchFailed(Reason.CERTIFICATE_UNREACHABLE, "no-address", host_down=True)
        good = allowed(found, self._rules.allow_addresses)
        if not good:
            raise FetchFailed(Reason.X5U_REFUSED, "address")
        return good[:MOST_ADDRESSES]

    async def _from_any(self, url: str, place: X5u, addresses: list[Address], max_bytes: int) -> Fetched:
        """From the first address that can be connected to."""
        failed: httpx.HTTPError
        for address in addresses:
            try:
                return await self._from(url, place, address, max_bytes)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
            except httpx.HTTPError as error:
                raise _failure(error) from None
        raise _failure(failed)

    async def _from(self, url: str, place: X5u, address: Address, max_bytes: int) -> Fetched:
        request = httpx.Request(
            "GET",
            httpx.URL(scheme=place.scheme, host=str(address), port=place.port, path=place.path),
            headers={"Host": place.authority, **_HEADERS},
            extensions={"sni_hostname": place.host, "timeout": self._timeout},
        )
        async with aclosing(await self._transport.handle_async_request(request)) as response:
            _check(response, max_bytes)
            return Fetched(
                url,
                await _body(response, max_bytes),
                response.headers.get("content-type", "").partition(";")[0].strip().lower(),
                http_cache.lifetime(response.headers),
            )


_NOTHING_KEPT = httpx.Limits(max_connections=None, max_keepalive_connections=0)  # Places counts them


def _tls(rules: FetchRules) -> ssl.SSLContext:
    """The public CAs, and the lab's where there is one."""
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if rules.ca_file:
        context.load_verify_locations(rules.ca_file)
    return context


def _check(response: httpx.Response, max_bytes: int) -> None:
    """What the head of an answer already rules out."""
    status = response.status_code
    if response.is_redirect:
        raise FetchFailed(Reason.CERTIFICATE_UNREACHABLE, "redirect")
    if status != HTTPStatus.OK:
        busy = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
        raise FetchFailed(Reason.CERTIFICATE_UNREACHABLE, f"status-{status}", host_down=busy)
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise FetchFailed(Reason.CERTIFICATE_UNREACHABLE, "content-encoding")
    if int(response.headers.get("content-length", 0)) > max_bytes:
        raise FetchFailed(Reason.CERTIFICATE_TOO_LARGE)


async def _body(response: httpx.Response, max_bytes: int) -> bytes:
    """The bytes as they come, none wanted beyond the limit."""
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > max_bytes:
            raise FetchFailed(Reason.CERTIFICATE_TOO_LARGE)
    return bytes(body)


def _failure(error: httpx.HTTPError) -> FetchFailed:
    if isinstance(error, httpx.TimeoutException):
        return FetchFailed(Reason.CERTIFICATE_TIMEOUT, "connect", host_down=True)
    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return FetchFailed(Reason.CERTIFICATE_UNREACHABLE, "tls", host_down=True)
    detail = "connect" if isinstance(error, httpx.ConnectError) else "broken-off"
    return FetchFailed(Reason.CERTIFICATE_UNREACHABLE, detail, host_down=True)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
