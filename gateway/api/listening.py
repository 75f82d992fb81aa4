"""How the sidecar is reached: its socket, TLS, client certificates, and whose word about a client's address is believed.

uvicorn tells an application nothing about client certificates, so the common name of one that TLS has verified is put
into the state of each request on its connection.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.config import Api
from gateway.trust.keys import check_private

MOST_CONNECTIONS = 500
"""At once; a request on one more is answered 503, and its connection closed."""

HEAD_SECONDS = 10.0
"""For the head of a request, and for the rest of a body that has been answered already."""

WAKE_SECONDS = 1.0
"""After which whoever waits for more of a body sees how long that has lasted."""

_LEAST_TLS = ssl.TLSVersion.TLSv1_2
_IDLE_SECONDS = 75  # a pool of connections that its owner keeps for a minute finds them open


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 that knows who is at the other end of TLS, closes on whoever sends no whole head in time, and wakes whoever
    waits for a body, which has a time of its own (`gateway.api.patience`)."""

    head_seconds, wake_seconds = HEAD_SECONDS, WAKE_SECONDS
    _is_between = False  # messages, where uvicorn's own limit for idle connections holds
    _is_head_open = True
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the client's certificate, which has been verified by now."""
        super().connection_made(transport)
        subject = _common_name(transport.get_extra_info("peercert"))
        if subject is not None:
            self.app_state = {**self.app_state, "client_subject": subject}
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take in what came, and see that the rest of it comes."""
        super().data_received(data)
        self._watch()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._is_between, self._is_head_open = False, True

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._is_head_open = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._is_between = True
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """See to it that the rest of a message comes, where one has begun or is the first."""
        if self._is_between:
            self._unwatch()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self._late)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self._is_head_open or self.cycle.response_complete:
            self.transport.close()
        else:
            self.cycle.message_event.set()
            self._timer = self.loop.call_later(self.wake_seconds, self._late)


def uvicorn_config(
    api: Api, app: FastAPI, protocol: type[Protocol] = Protocol, connections: int = MOST_CONNECTIONS
) -> uvicorn.Config:
    """What uvicorn is started with; connections: how many at once."""
    config = uvicorn.Config(
        app,
        host=api.listen.host,
        port=api.listen.port,
        http=protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(api.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in api.trusted_proxies],
        timeout_keep_alive=_IDLE_SECONDS,
        limit_concurrency=connections,
    )
    if api.has_tls:
        config.ssl_context_factory = lambda _config, _default: tls_context(api)
    return config


def tls_context(api: Api) -> ssl.SSLContext:
    """The TLS we speak; a client may show a certificate of client_ca, and who shows another one is turned away.

    Raises KeyRefused for a key that others may read, OSError or ssl.SSLError for files that cannot be used.
    """
    assert api.tls_certificate is not None and api.tls_key is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _LEAST_TLS
    check_private(api.tls_key)
    context.load_cert_chain(api.tls_certificate, api.tls_key)
    if api.client_ca is not None:
        context.load_verify_locations(str(api.client_ca))
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _common_name(certificate: dict[str, Any] | None) -> str | None:
    """The common name of a verified certificate's subject, None without one."""
    for relative in (certificate or {}).get("subject", ()):
        for name, value in relative:
            if name == "commonName":
                return str(value)
    return None
