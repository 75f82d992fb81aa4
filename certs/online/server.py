"""The lab on loopback: `python -m certs serve`, or a thread of a test. TEST ONLY, and it says so in every answer.

Besides ACME (`acme_http`) and the STI-PA (`sti_pa_http`) it serves the lab's public files under /certs/, and
/lab/faults tells and sets what goes wrong on purpose.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Annotated, Self

import uvicorn
from cryptography import x509
from fastapi import Body, FastAPI, HTTPException
from fastapi.responses import Response

from certs import files, pem
from certs.lab import Lab
from certs.online import acme_http, sti_pa_http
from certs.online.ca import Ca
from certs.online.faults import FAULTS, Faults, UnknownFault
from certs.online.signed import Nonces
from certs.online.sti_pa_http import PaAccount, StiPa
from certs.refusal import LabRefused

LOOPBACK = "127.0.0.1"
SIGNER_FILE = "sti-pa-tokens.pem"
_MEDIA_TYPES = {".pem": "application/pem-certificate-chain", ".jws": "application/jose"}

PaAccounts = tuple[PaAccount, ...]


@dataclass(frozen=True, slots=True)
class Online:
    """A lab on the network: its application, and what a test looks at."""

    app: FastAPI
    ca: Ca
    sti_pa: StiPa
    faults: Faults


def create(lab: Lab, base: str, accounts: PaAccounts, now: Callable[[], datetime]) -> Online:
    """The lab in its folder, to be served under `base`; raises LabRefused where there is none."""
    faults, nonces, serials = Faults(), Nonces(), x509.random_serial_number
    signer = sti_pa_http.token_signer(lab, f"{base}/certs/{SIGNER_FILE}", now(), serials)
    files.write(lab.directory / SIGNER_FILE, pem.chain(signer.party.certificate))
    ca = Ca(lab, signer, faults, now, serials)
    sti_pa = StiPa(lab, signer, accounts, faults, now)
    app = FastAPI(title="TEST ONLY: lab STI-CA and STI-PA", docs_url=None, redoc_url=None, openapi_url=None)
    acme_http.include(app, ca, nonces, faults, now)
    app.include_router(sti_pa.routes)
    _include_files(app, lab)
    _include_faults(app, faults)
    return Online(app, ca, sti_pa, faults)


def _include_files(app: FastAPI, lab: Lab) -> None:
    @app.get("/certs/{name}")
    async def file(name: str) -> Response:
        path = lab.directory / name
        if path.suffix not in files.PUBLIC or path.parent != lab.directory:
            raise HTTPException(404)
        try:
            return Response(files.read(path), media_type=_MEDIA_TYPES[path.suffix])
        except LabRefused:
            raise HTTPException(404) from None


def _include_faults(app: FastAPI, faults: Faults) -> None:
    @app.get("/lab/faults")
    async def told() -> dict[str, object]:
        return {"on": faults.as_json(), "known": FAULTS}

    @app.put("/lab/faults")
    async def put(wanted: Annotated[dict[str, int | None], Body()]) -> dict[str, int | None]:
        try:
            faults.set(wanted)
        except UnknownFault as error:
            raise HTTPException(422, str(error)) from None
        return faults.as_json()


class LabServer:
    """A lab that is served from `with` on, in a thread; `url` is where.

        with LabServer(lab, (PaAccount("616H", "secret", ("616H",)),), now) as server:
            server.url("/acme/directory")
            server.online.faults.set({"bad-nonce": 1})

    port: 0 takes a free one.
    """

    def __init__(self, lab: Lab, accounts: PaAccounts, now: Callable[[], datetime], port: int = 0) -> None:
        self._lab, self._accounts, self._now, self._port = lab, accounts, now, port

    def url(self, path: str = "") -> str:
        """The URL of a path here."""
        return f"http://{LOOPBACK}:{self._port}{path}"

    def __enter__(self) -> Self:
        listening = socket.create_server((LOOPBACK, self._port))  # it queues from here on
        self._port = listening.getsockname()[1]
        self.online = create(self._lab, self.url(), self._accounts, self._now)
        config = uvicorn.Config(
            self.online.app, log_config=None, access_log=False, lifespan="off", date_header=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
