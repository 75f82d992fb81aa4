"""Where the parts meet: this module, and `wiring_kamailio` for door 3, knows every concrete class. Each function here is the
body of one process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from time import time
from typing import Any

import uvloop

from gateway import draining, log
from gateway.config import Config
from gateway.credentials.following import Following
from gateway.credentials.opening import following_of
from gateway.engine import (
    Deliver,
    Forward,
    InboundCall,
    OutboundCall,
    Refuse,
    decide_inbound,
    decide_outbound,
    meant_by,
)
from gateway.ledger import Ledger
from gateway.metrics import Counters, EdgeStatus, status_path, write_status
from gateway.origid import new_origid
from gateway.policy.blocks import Block
from gateway.policy.lists import Party
from gateway.policy.peers import Peer
from gateway.policy.snapshot import NO_POLICY
from gateway.shared.sharing import wire_of
from gateway.shared.wire import Wire
from gateway.sip.edge import Edge
from gateway.sip.journal import Journal
from gateway.sip.network import Network
from gateway.sip.pool import Pool
from gateway.sip.reception import Reception
from gateway.sip.resolve import REFRESH_SECONDS
from gateway.sip.transport import Udp
from gateway.sti_vs import StiVs
from gateway.stir.verdict import Verdict
from gateway.store.kept import Kept
from gateway.store.origins import Origins
from gateway.store.spool import Spool, spool_path
from gateway.store.watcher import Watcher
from gateway.trust.verifier import Verifier

TICK_SECONDS = 1.0
FOLLOW_SECONDS = 0.5  # with the recorder's own half second and a tick, a change is in force within two
WORKERS_A_CORE = 4  # what `workers = "auto"` starts with; they hold few calls each and mostly sleep
HELLO_SECONDS = 10.0
LONGEST_LINE = 65_536  # of the pool process

_log = log.get("edge")


def run_edge(config: Config, inner: socket.socket, control: socket.socket) -> None:
    """The edge process: serve until SIGTERM, then drain. `inner` faces the workers, `control` their pool process."""
    log.setup(config.log.level)
    spare_collector()
    uvloop.run(_edge(config, inner, control))


def run_kamailio(config: Config, config_path: Path) -> None:
    """The process that holds Kamailio, where that carries the calls."""
    from gateway.kamailio import process

    log.setup(config.log.level)
    watcher = Watcher(config.node.state_dir, config.signing.rules, config.verification.inbound)
    watcher.changed()
    process.run(config, config_path, watcher.current)


def run_recorder(config: Config) -> None:
    """The recorder process."""
    from gateway.store import recorder

    recorder.run(config)


def run_sidecar(config: Config) -> None:
    """The sidecar process."""
    from gateway.api import server

    server.run(config)


def spare_collector() -> None:
    """Calls hold no reference cycles, so they are freed without the cycle collector; a full run of it over thousands of
    calls would stop the edge for a tenth of a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1000)


async def _edge(config: Config, inner: socket.socket, control: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    watcher = Watcher(config.node.state_dir, config.signing.rules, config.verification.inbound)
    watcher.changed()
    origins = Origins(config.geofence.countries)
    spool = Spool(spool_path(config.node.state_dir), config.store.spool_bytes)
    counters = Counters()
    ledger = Ledger(lambda: watcher.current, time, block_teller(config, spool, counters))
    kept = Kept(config.node.state_dir, ledger.usage)
    kept.restore(time())
    ledger.follow()
    sti_vs = StiVs(config)
    wire = wire_of(config, ledger, sti_vs.hosts, time)
    credentials = following_of(config, lambda: sti_vs.trust.revocations)
    credentials.changed()
    log_call = call_recorder(log.call_logger(config.log.mask_numbers), spool)
    network = Network(config.sip, lambda: watcher.current)
    edge = Edge(
        network,
        Reception(
            config.sip,
            network,
            _Decider(watcher, credentials, sti_vs.verifier, ledger, origins),
            counters,
            log_call,
        ),
        await _pool(config, control),
        counters,
        log_call,
        Journal(status_path(config.node.state_dir).with_name("calls.journal")),
        ledger,
        config.sip.unknown_source == "403",
    )
    edge.slots.use(Udp(inner, 0, edge.slots.received), inner.getsockname()[:2])
    loop.add_reader(control.fileno(), _read_control, control, edge, stopping)
    edge.restore()
    edge.heed(draining.is_wanted(config.node.state_dir))
    await network.refresh()
    await network.open(edge.received, edge.unframed)
    _log.info(
        "edge.serving",
        listen=[f"{x.transport}:{x.host}:{x.port}" for x in config.sip.listen],
        slots=edge.slots.pool.slots,
    )
    tasks = [
        asyncio.create_task(each)
        for each in (
            _keep(config, edge, network, watcher, credentials, spool, counters, wire),
            _follow(watcher, network, ledger, origins),
            _heed(edge, config),
            _record(spool, kept, config),
            sti_vs.follow(),
            credentials.follow(),
            *([wire.run()] if wire else []),
        )
    ]
    for task in tasks:  # an edge that does not look after itself must not go on
        task.add_done_callback(lambda _: stopping.set())
    await stopping.wait()
    await _drain(edge, config.sip.drain_limit)
    for task in tasks:
        task.cancel()
    await sti_vs.close()
    network.close()
    kept.save(time())
    spool.close()


class _Decider:
    """The engine, with what is in force on this node."""

    def __init__(
        self,
        watcher: Watcher,
        credentials: Following,
        verifier: Verifier,
        ledger: Ledger,
        origins: Origins,
    ) -> None:
        self._watcher, self._credentials, self._ledger = watcher, credentials, ledger
        self.verify = verifier.judge
        self.country = origins.country
        self.began = ledger.began

    def meant(self, peer: Peer, party: Party, address: str) -> str:
        return meant_by(self._watcher.current, peer, party, address)

    def outbound(self, call: OutboundCall) -> Refuse | Forward:
        decision = decide_outbound(
            call, self._watcher.current, self._credentials.current, time(), new_origid(), self._ledger.usage
        )
        self._ledger.decided(decision)
        return decision

    def inbound(self, call: InboundCall, verdict: Verdict) -> Refuse | Deliver:
        decision = decide_inbound(call, verdict, self._watcher.current, time(), self._ledger.usage)
        self._ledger.decided(decision)
        return decision


def call_recorder(
    write: Callable[[Mapping[str, Any]], None], spool: Spool
) -> Callable[[dict[str, Any]], None]:
    """What a call leaves: a line in the log, and a record for the call log."""

    def record(call: dict[str, Any]) -> None:
        write(call)
        spool.add({"kind": "call", **call})

    return record


def block_teller(config: Config, spool: Spool, counters: Counters) -> Callable[[Block], None]:
    """What is told of a number, address or account that goes onto the dynamic black list."""

    def tell(block: Block) -> None:
        masked = block.type in ("malicious-call", "no-answer") and config.log.mask_numbers
        subject = log.mask(block.subject) if masked else block.subject
        _log.warning("blocked", type=block.type, subject=subject, why=block.why, until=block.until)
        counters.inc("blocks", block.type, block.why)
        spool.add({"kind": "block", "node": config.node.name, **asdict(block)})

    return tell


async def _pool(config: Config, control: socket.socket) -> Pool:
    """Ask the pool process what a worker can do and which there are already."""
    control.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(control, b"hello")
    words = [""]
    async with asyncio.timeout(HELLO_SECONDS):
        while words[0] != "slots":  # what was said to an edge before us is of no use any more
            words = (await loop.sock_recv(control, LONGEST_LINE)).decode().split()
    workers = config.sip.workers
    least = WORKERS_A_CORE * (os.cpu_count() or 1) if workers == "auto" else workers

    def say(line: str) -> None:
        control.send(line.encode())

    pool = Pool(int(words[1]), least, config.sip.max_calls, str(config.sip.inner_address), say)
    pool.adopt([int(word) for word in words[2:]], loop.time())
    return pool


def _read_control(control: socket.socket, edge: Edge, stopping: asyncio.Event) -> None:
    """Lines of the pool process; its end ends this edge too, and the supervisor starts both anew."""
    with contextlib.suppress(BlockingIOError):
        while line := control.recv(LONGEST_LINE):
            edge.slots.pool_says(line.decode())
        asyncio.get_running_loop().remove_reader(control.fileno())
        edge.workers_gone()
        stopping.set()


async def _follow(watcher: Watcher, network: Network, ledger: Ledger, origins: Origins) -> None:
    """A change of policy, of the dynamic black list or of where addresses are at home; reading it stops no call."""
    while True:
        if await asyncio.to_thread(watcher.changed):
            ledger.follow()
            await network.refresh()
        if news := await asyncio.to_thread(watcher.blocks_changed):
            ledger.learn(news.released, news.blocks)
        await asyncio.to_thread(origins.reload_if_changed)
        await asyncio.sleep(FOLLOW_SECONDS)


async def _heed(edge: Edge, config: Config) -> None:
    """Whether an operator wants this node drained."""
    while True:
        edge.heed(draining.is_wanted(config.node.state_dir))
        await asyncio.sleep(FOLLOW_SECONDS)


async def _record(spool: Spool, kept: Kept, config: Config) -> None:
    """What was recorded goes to the recorder, and what was counted where the next edge finds it."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        spool.turn()
        kept.save_in_time(time())


async def _keep(
    config: Config,
    edge: Edge,
    network: Network,
    watcher: Watcher,
    credentials: Following,
    spool: Spool,
    counters: Counters,
    wire: Wire | None,
) -> None:
    """What happens once a second beside the calls."""
    path = status_path(config.node.state_dir)
    started = refreshed = time()
    while True:
        edge.tick()
        if time() - refreshed > REFRESH_SECONDS:
            refreshed = time()
            await network.refresh()
        status = EdgeStatus(
            at=time(),
            ready=edge.able and watcher.current.revision != NO_POLICY,
            draining=edge.draining,
            calls=len(edge.calls),
            workers=len(edge.slots.pool),
            slots_free=edge.slots.pool.free_slots,
            revision=watcher.current.revision,
            records_lost=spool.lost,
            credentials_revision=credentials.current.manifest.revision,
            credential_problems=credentials.problems,
            counters=counters.rows(),
            started=started,
            setup=counters.setup.value(),
            shared=wire.status if wire else None,
        )
        try:
            write_status(path, status)
        except OSError as error:  # a full disk takes no call down
            _log.error("status.not-written", error=str(error))
        await asyncio.sleep(TICK_SECONDS)


async def _drain(edge: Edge, limit: float) -> None:
    """No new calls; wait for those that are up, but not for ever."""
    edge.drain()
    _log.info("edge.draining", calls=len(edge.calls), limit=limit)
    await _empty(edge, limit)
    edge.end_all("node.stopping")
    await _empty(edge, 2 * TICK_SECONDS)


async def _empty(edge: Edge, limit: float) -> None:
    """Until no call is left or the limit has passed."""
    for _ in range(int(limit / TICK_SECONDS * 10)):
        if not len(edge.calls):
            return
        await asyncio.sleep(TICK_SECONDS / 10)
