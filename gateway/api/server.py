"""The sidecar as a process of its own: the application under uvicorn, on loopback unless the operator
says otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Iterator

import uvicorn
import uvloop

from gateway import log
from gateway.acme.opening import renewals_of
from gateway.api import letting_in, listening
from gateway.api.app import create_app
from gateway.api.sidecar import Sidecar
from gateway.config import Config
from gateway.credentials.following import Following
from gateway.credentials.opening import custodian_of, following_of
from gateway.credentials.outside import Outside
from gateway.metrics import fresh_status, status_path
from gateway.onlooker import Onlooker
from gateway.roster import Roster, roster_path
from gateway.sti_vs import StiVs
from gateway.stir.tn import NumberPlan
from gateway.store import recorder_status
from gateway.store.opening import Opening

_log = log.get("sidecar")


def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    log.setup(config.log.level)
    uvloop.run(_serve(config))


async def _serve(config: Config) -> None:
    sti_vs, onlooker = StiVs(config), Onlooker(config)
    credentials = following_of(config, lambda: sti_vs.trust.revocations)
    opening = Opening(config.database_url, time.time)
    roster = Roster(roster_path(config.node.state_dir), lambda: opening().access)
    await asyncio.to_thread(roster.look)
    listen = config.api.listen
    _log.info("sidecar.listening", host=listen.host, port=listen.port, tls=config.api.has_tls)
    if not listen.is_loopback and not config.api.has_tls:
        _log.warning("sidecar.in-the-clear", host=listen.host, do="set [api] tls_certificate and tls_key")
    sidecar = letting_in.let_in(
        _sidecar(config, sti_vs, onlooker, credentials, opening), config, onlooker, roster
    )
    server = uvicorn.Server(listening.uvicorn_config(config.api, create_app(sidecar)))
    work = [sti_vs.follow(), sti_vs.keep(), onlooker.follow(), credentials.follow(), roster.follow()]
    work.append(sidecar.history.follow(sidecar.edge))
    if sidecar.acme:
        work.append(sidecar.acme.run())
    with _beside(server, *work):
        await server.serve()
    await sti_vs.close()


@contextlib.contextmanager
def _beside(server: uvicorn.Server, *work: Coroutine[None, None, None]) -> Iterator[None]:
    """What the sidecar does beside serving, for the whole node; it ends, to be started again, if one of these does."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            _log.error("sidecar.failed", error=repr(task.exception()))
            server.should_exit = True

    tasks = [asyncio.create_task(each) for each in work]
    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


def _sidecar(
    config: Config, sti_vs: StiVs, onlooker: Onlooker, credentials: Following, opening: Opening
) -> Sidecar:
    path, recorded = status_path(config.node.state_dir), recorder_status.status_path(config.node.state_dir)
    onlooker.look()  # nothing is signed before the policy is known
    credentials.changed()
    custodian = custodian_of(config, sti_vs.trust, time.time, credentials.configured)
    outside = Outside(config.fetch.rules)
    return Sidecar(
        credentials,
        edge=lambda: fresh_status(path, time.time()),
        now=time.time,
        verifier=sti_vs.verifier,
        plan=NumberPlan.of(config.api.country),
        trust=sti_vs.trust,
        database=opening,
        in_force=onlooker,
        custodian=custodian,
        outside=outside,
        acme=renewals_of(config, custodian, credentials.configured, outside) if config.acme.on else None,
        recorder=lambda: recorder_status.fresh_status(recorded, time.time()),
    )
