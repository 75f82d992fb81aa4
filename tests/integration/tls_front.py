"""TLS for a SIPp that has none: a front that speaks TLS to the gateway and plain TCP to SIPp.

Debian builds SIPp without TLS, so a leg over TLS is SIPp over TCP behind one of these. Bytes pass as they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Endpoint = tuple[str, int]
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A self-signed certificate that every party of the scenarios shows and trusts, and its key (PEM)."""

    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path, *hosts: str) -> TlsFiles:
        """Write a certificate for these addresses, valid for a day."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST ONLY scenarios")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address(host)) for host in hosts]),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        files = cls(folder / "tls.pem", folder / "tls.key")
        files.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        files.key.touch(mode=0o600)
        files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files

    def context(self, *, server: bool) -> ssl.SSLContext:
        """Both sides show the certificate and demand it of the other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.load_cert_chain(self.certificate, self.key)
        context.load_verify_locations(self.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        return context


@contextlib.contextmanager
def tls_server(listen: Endpoint, sipp: Endpoint, files: TlsFiles) -> Iterator[None]:
    """Take TLS from the gateway and pass it to a SIPp that listens over TCP."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join((reader, writer), await asyncio.open_connection(*sipp))

    with _background(lambda: asyncio.start_server(take, *listen, ssl=files.context(server=True))):
        yield


@contextlib.contextmanager
def tls_client(listen: Endpoint, gateway: Endpoint, files: TlsFiles) -> Iterator[None]:
    """Take TCP from SIPp and pass it to the gateway over TLS, from the address SIPp sits at."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        context = files.context(server=False)
        far = await asyncio.open_connection(*gateway, ssl=context, local_addr=(listen[0], 0))
        await _join((reader, writer), far)

    with _background(lambda: asyncio.start_server(take, *listen)):
        yield


async def _join(near: Stream, far: Stream) -> None:
    """Pass bytes both ways until one side ends."""
    ways = [asyncio.ensure_future(_pass(near[0], far[1])), asyncio.ensure_future(_pass(far[0], near[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        near[1].close()
        far[1].close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@contextlib.contextmanager
def _background(serve: Any) -> Iterator[None]:
    """Run a server in a thread of its own while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = _in(loop, serve())
    try:
        yield
    finally:
        loop.call_soon_threadsafe(server.close)
        _in(loop, _cancel_rest())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _in(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run_coroutine_threadsafe(work, loop).result(5)


async def _cancel_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
