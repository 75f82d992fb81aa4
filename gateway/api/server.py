"""The sidecar as a process of its own: the application under uvicorn, on loopback unless the operator
says otherwise."""

from __future__ import annotations

import time

import uvicorn

from gateway import log
from gateway.api.app import create_app
from gateway.api.sidecar import Sidecar
from gateway.config import Config
from gateway.credentials import signing_credential
from gateway.metrics import fresh_status, status_path

_log = log.get("sidecar")


def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    log.setup(config.log.level)
    listen = config.api.listen
    _log.info("sidecar.listening", host=listen.host, port=listen.port)
    uvicorn.run(
        create_app(_sidecar(config)),
        host=listen.host,
        port=listen.port,
        log_config=None,
        access_log=False,
        server_header=False,
    )


def _sidecar(config: Config) -> Sidecar:
    path = status_path(config.node.state_dir)
    found = signing_credential(config.signing)
    if found.problem:
        _log.warning("signing.off", reason=found.problem)
    return Sidecar.of(found.credential, edge=lambda: fresh_status(path, time.time()), now=time.time)
