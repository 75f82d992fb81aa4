"""A certificate host that behaves as badly as a path asks it to: what every fetching test and scenario talks to.

    with CertificateHost({"616H.pem": pem}) as host:
        host.url("/sound/616H.pem")     answers as a host should
        host.counts["/sound/616H.pem"]  how often it was asked

The first segment of a path is the behaviour, those between it and the file's name are its settings:

    /sound/<name>                       the file, as application/pem-certificate-chain
    /with/<header=value>/…/<name>       the file with these headers; `+` is a space; Content-Type may be one of them
    /held/<name>                        the file, once `release` is called
    /slow/<name>                        a byte a second
    /hang/…                             reads the request and never answers
    /huge/declared/…  /huge/undeclared/…   30 MB, with and without Content-Length
    /huge/chunked/…                     30 MB in chunks
    /status/<code>/…                    that status, with the file as body
    /redirect/<name>                    302 to /sound/<name>
    /gzip/…                             a gzip bomb: 30 MB of zeros in 30 kB
    /garbage/…                          200 and bytes that are no certificate
    /nonsense/…                         bytes that are no HTTP
    /headers/…                          header lines without end
    /short/<name>                       fewer bytes than Content-Length promised
    /dead/…                             closes at once
    /counts                             how often each path was asked, as JSON

Runs in a thread of the caller, or as a process: `python -m tests.certificate_host --files FOLDER [--tls]` prints one
line of JSON (port, ca) and serves until it is ended. It listens on loopback and nowhere else.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import ipaddress
import json
import socket
import ssl
import tempfile
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

CONTENT_TYPE = "application/pem-certificate-chain"
HUGE = 30 * 1024 * 1024
_PIECE = bytes(65_536)

Write = asyncio.StreamWriter
Behaviour = Callable[["CertificateHost", list[str], Write], Awaitable[None]]


class CertificateHost:
    """The host, listening from `with` on; `files` may be changed while it runs.

    tls_names: names and addresses its TLS certificate is for; plain HTTP if there are none. `ca` is then the PEM that
    a client has to trust.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        *,
        tls_names: Iterable[str] = (),
        address: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.files = dict(files)
        self.counts: Counter[str] = Counter()
        self.last: list[str] = []  # header lines of the last request
        self.address, self.port = address, port
        self._tls = _Tls(tuple(tls_names)) if tls_names else None
        self._loop = asyncio.new_event_loop()
        self._released = asyncio.Event()
        self._ended = asyncio.Event()
        self._asked = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def ca(self) -> bytes:
        assert self._tls
        return self._tls.ca

    def url(self, path: str, host: str = "") -> str:
        """The URL of a path here, under the address or another name of it."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host or self.address}:{self.port}{path}"

    def release(self) -> None:
        """Let /held answer, now and from now on."""
        self._loop.call_soon_threadsafe(self._released.set)

    def wait_until_asked(self, path: str, times: int = 1) -> None:
        """Block until a path was asked so often."""
        with self._asked:
            assert self._asked.wait_for(lambda: self.counts[path] >= times, timeout=10)

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._socket = socket.create_server((self.address, self.port), family=family, backlog=256)
        self.port = self._socket.getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self._until_ended())

    async def _until_ended(self) -> None:
        context = self._tls.context if self._tls else None
        server = await asyncio.start_server(self._serve, sock=self._socket, ssl=context)
        await self._ended.wait()
        server.close()
        open_ones = asyncio.all_tasks() - {asyncio.current_task()}
        for each in open_ones:
            each.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: Write) -> None:
        # Cancelled when the host ends: asyncio would report that of a handler as an error.
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                await self._answer(head, writer)
                await writer.drain()
            finally:
                writer.close()

    async def _answer(self, head: str, writer: Write) -> None:
        request_line, *headers = head.split("\r\n")
        path = request_line.split(" ")[1]
        with self._asked:
            self.counts[path] += 1
            self.last = headers
            self._asked.notify_all()
        _, behaviour, *settings = path.split("/")
        await _BEHAVIOURS.get(behaviour, _missing)(self, settings, writer)

    def _file(self, settings: list[str]) -> bytes:
        return self.files[settings[-1]]


def _head(status: str, **headers: object) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _whole(body: bytes, status: str = "200 OK", **headers: object) -> bytes:
    return _head(status, **{"Content_Type": CONTENT_TYPE, "Content_Length": len(body), **headers}) + body


async def _sound(host: CertificateHost, settings: list[str], writer: Write) -> None:
    writer.write(_whole(host._file(settings)))


async def _with(host: CertificateHost, settings: list[str], writer: Write) -> None:
    pairs = (each.replace("+", " ").partition("=") for each in settings[:-1])
    headers = {name.replace("-", "_"): value for name, _, value in pairs}
    writer.write(_whole(host._file(settings), **headers))


async def _held(host: CertificateHost, settings: list[str], writer: Write) -> None:
    await host._released.wait()
    await _sound(host, settings, writer)


async def _slow(host: CertificateHost, settings: list[str], writer: Write) -> None:
    for byte in _whole(host._file(settings)):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def _hang(host: CertificateHost, _: list[str], writer: Write) -> None:
    await host._ended.wait()


_HUGE: dict[str, tuple[dict[str, object], bytes]] = {
    "declared": ({"Content_Length": HUGE}, _PIECE),
    "undeclared": ({}, _PIECE),
    "chunked": ({"Transfer_Encoding": "chunked"}, b"10000\r\n" + _PIECE + b"\r\n"),
}


async def _huge(_: CertificateHost, settings: list[str], writer: Write) -> None:
    headers, piece = _HUGE[settings[0]]
    writer.write(_head("200 OK", Content_Type=CONTENT_TYPE, **headers))
    await _flood(writer, piece)


async def _flood(writer: Write, piece: bytes) -> None:
    for _ in range(HUGE // len(_PIECE)):
        writer.write(piece)
        await writer.drain()


async def _status(host: CertificateHost, settings: list[str], writer: Write) -> None:
    writer.write(_whole(host.files.get(settings[-1], b""), f"{settings[0]} As asked"))


async def _redirect(host: CertificateHost, settings: list[str], writer: Write) -> None:
    writer.write(_whole(b"", "302 Found", Location=host.url(f"/sound/{settings[-1]}")))


async def _gzip(_: CertificateHost, __: list[str], writer: Write) -> None:
    writer.write(_whole(_bomb(), Content_Encoding="gzip"))


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(HUGE))


async def _garbage(_: CertificateHost, __: list[str], writer: Write) -> None:
    writer.write(_whole(bytes(range(256)) * 8))


async def _nonsense(_: CertificateHost, __: list[str], writer: Write) -> None:
    writer.write(bytes(range(256)) * 8)


async def _headers(_: CertificateHost, __: list[str], writer: Write) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _flood(writer, b"X: " + b"x" * (len(_PIECE) - 5) + b"\r\n")


async def _short(host: CertificateHost, settings: list[str], writer: Write) -> None:
    body = host._file(settings)
    writer.write(_head("200 OK", Content_Length=len(body) + 1) + body)


async def _dead(_: CertificateHost, __: list[str], writer: Write) -> None:
    """Nothing is written; the connection closes."""


async def _counts(host: CertificateHost, _: list[str], writer: Write) -> None:
    writer.write(_whole(json.dumps(host.counts).encode(), Content_Type="application/json"))


async def _missing(_: CertificateHost, __: list[str], writer: Write) -> None:
    writer.write(_whole(b"", "404 Not Found"))


_BEHAVIOURS: dict[str, Behaviour] = {
    "sound": _sound,
    "with": _with,
    "held": _held,
    "slow": _slow,
    "hang": _hang,
    "huge": _huge,
    "status": _status,
    "redirect": _redirect,
    "gzip": _gzip,
    "garbage": _garbage,
    "nonsense": _nonsense,
    "headers": _headers,
    "short": _short,
    "dead": _dead,
    "counts": _counts,
}


class _Tls:
    """A web certificate for the names, signed by itself."""

    def __init__(self, names: tuple[str, ...]) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "certificate host, TEST ONLY")])
        start = datetime.now(UTC) - timedelta(hours=1)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, SHA256())
        )
        self.ca = certificate.public_bytes(Encoding.PEM)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with tempfile.NamedTemporaryFile() as file:
            file.write(private + self.ca)
            file.flush()
            self.context.load_cert_chain(file.name)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def main() -> None:
    """Serve the PEM files of a folder until the process is ended."""
    parser = argparse.ArgumentParser(description="A certificate host that misbehaves as asked.")
    parser.add_argument("--files", type=Path, required=True, help="folder of the PEM files")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", action="store_true", help="https, for localhost and 127.0.0.1")
    given = parser.parse_args()
    files = {path.name: path.read_bytes() for path in given.files.glob("*.pem")}
    names = ("localhost", "127.0.0.1") if given.tls else ()
    with CertificateHost(files, tls_names=names, port=given.port) as host:
        print(json.dumps({"port": host.port, "ca": host.ca.decode() if given.tls else None}), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
