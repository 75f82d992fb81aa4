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

_LEAST_TLS = ssl.TLSVersion.TLSv1_2
_IDLE_SECONDS = 75  # a pool of connections that its owner keeps for a minute finds them open


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 that knows who is at the other end of TLS."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the client's certificate, which has been verified by now."""
        super().connection_made(transport)
        subject = _common_name(transport.get_extra_info("peercert"))
        if subject is not None:
            self.app_state = {**self.app_state, "client_subject": subject}


def uvicorn_config(api: Api, app: FastAPI) -> uvicorn.Config:
    """What uvicorn is started with."""
    config = uvicorn.Config(
        app,
        host=api.listen.host,
        port=api.listen.port,
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(api.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in api.trusted_proxies],
        timeout_keep_alive=_IDLE_SECONDS,
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
