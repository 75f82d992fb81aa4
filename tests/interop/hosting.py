"""A certificate host: http on loopback, each file by its name."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.54"


class CertificateHost(ThreadingHTTPServer):
    """Serves `files` (path to content) and keeps in `asked` what it was asked for."""

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self.server_port}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: CertificateHost

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Type", "application/pem-certificate-chain")
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr."""


@contextlib.contextmanager
def certificate_host() -> Iterator[CertificateHost]:
    """One that serves until the end of the block."""
    with CertificateHost() as host:
        serving = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield host
        finally:
            host.shutdown()
            serving.join()
