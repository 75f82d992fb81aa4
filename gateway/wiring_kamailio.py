"""Where the parts of door 3 meet: what Kamailio's `mod_init` makes before it forks, and what each process then does with it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import time
from typing import Any

from gateway import draining, log
from gateway.config import Config, load
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
from gateway.kamailio import native, render
from gateway.kamailio.board import Board, Readings
from gateway.kamailio.books import Books, beyond
from gateway.kamailio.calls import Calls
from gateway.kamailio.clerk import Clerk, Work
from gateway.kamailio.deciding import Deciding, Ourselves
from gateway.kamailio.door import Door
from gateway.kamailio.line import Due, Line
from gateway.ledger import Ledger
from gateway.metrics import Counters, EdgeStatus, status_path, write_status
from gateway.origid import new_origid
from gateway.policy.blocks import Block
from gateway.policy.lists import Party
from gateway.policy.peers import Peer
from gateway.policy.snapshot import NO_POLICY
from gateway.policy.usage import Reading
from gateway.shared.sharing import wire_of
from gateway.shared.tokens import tokens_of
from gateway.shared.wire import Wire
from gateway.sti_vs import StiVs, trust_of
from gateway.stir.signalled import Signalled
from gateway.stir.verdict import Verdict
from gateway.store.kept import Kept
from gateway.store.origins import Origins
from gateway.store.spool import Spool, spool_path
from gateway.store.watcher import Watcher
from gateway.trust.verifier import Pending, Verifier
from gateway.trust.warm import WarmChains
from gateway.wiring import FOLLOW_SECONDS, TICK_SECONDS, block_teller, call_recorder, spare_collector

_log = log.get("kamailio")


def door(path: Path) -> Door:
    """The door of the node that this file configures; Kamailio calls this once, and forks."""
    config = load(path)
    log.setup(config.log.level, sys.stderr.buffer)  # Kamailio closes standard output
    node = Node(config)
    spare_collector()
    return node.door


class Node:
    """What all processes of one Kamailio share, or have a copy of."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.board, self.line = Board(), Line()
        self.board.sign(time())
        self.watcher = Watcher(config.node.state_dir, config.signing.rules, config.verification.inbound)
        self.watcher.changed()
        self.origins = Origins(config.geofence.countries)
        self.trust = trust_of(config, time)
        self.credentials = following_of(config, lambda: self.trust.revocations)
        self.ourselves = Ourselves(render.local(config.sip), frozenset(config.kamailio.redirect))
        self.door = Door(
            self.line,
            Deciding(_Engine(self, Readings(self.board), self._verifier()), self.ourselves),
            _Following(self),
            partial(_clerk, self),
            self.board.is_signed,
        )

    def _verifier(self) -> Verifier:
        """Of a SIP process: it judges with the chains that are at hand."""
        verification, state = self.config.verification, self.config.node.state_dir
        chains = WarmChains(
            state / "certificates",
            lambda: self.trust.anchors,
            time,
            self.trust.want,
            lambda url: self.line.say(Due(url)),
        )
        replay = tokens_of(self.config.store, state)
        return Verifier(chains, self.trust, replay, verification.rules, verification.budget, time)


class _Engine:
    """The engine in one process, with its readings and its verifier."""

    def __init__(self, node: Node, readings: Reading, verifier: Verifier) -> None:
        self._watcher, self._credentials = node.watcher, node.credentials
        self._readings, self._verifier = readings, verifier
        self._max_calls = node.config.sip.max_calls
        self.country = node.origins.country

    def peer_of(self, source: str) -> Peer | None:
        return self._watcher.current.peers.find(source)

    def meant(self, peer: Peer, party: Party, address: str) -> str:
        return meant_by(self._watcher.current, peer, party, address)

    def admit(self, peer: Peer) -> str | None:
        return beyond(peer, self._max_calls, self._readings, time())

    def outbound(self, call: OutboundCall) -> Refuse | Forward:
        snapshot, credentials = self._watcher.current, self._credentials.current
        return decide_outbound(call, snapshot, credentials, time(), new_origid(), self._readings)

    def verify(self, headers: Sequence[str], call: Signalled, call_id: str) -> Verdict | Pending:
        return self._verifier.judge(headers, call, call_id)

    def inbound(self, call: InboundCall, verdict: Verdict) -> Refuse | Deliver:
        return decide_inbound(call, verdict, self._watcher.current, time(), self._readings)


class _Following:
    """What is in force, looked after in passing: a SIP process has no time of its own, so it looks when a call comes."""

    def __init__(self, node: Node) -> None:
        self._node, self._looked = node, 0.0

    def __call__(self, now: float) -> None:
        if 0 <= now - self._looked < FOLLOW_SECONDS:
            return
        self._looked = now
        self._node.watcher.changed()
        self._node.origins.reload_if_changed()
        self._node.trust.changed()
        self._node.credentials.changed()


def _clerk(node: Node) -> Clerk:
    """Made in the clerk's process."""
    config, watcher = node.config, node.watcher
    spool = Spool(spool_path(config.node.state_dir), config.store.spool_bytes)
    counters = Counters()
    tell_block = block_teller(config, spool, counters)

    def blocked(block: Block) -> None:
        node.board.put_block(block, time())
        tell_block(block)

    write = call_recorder(log.call_logger(config.log.mask_numbers), spool)

    def log_call(record: dict[str, Any]) -> None:
        counters.inc("calls", record.get("peer", ""), str(record["code"]))
        if "complaint" in record:
            counters.inc("complaints", record.get("carrier") or "", str(record["complaint"]))
        write(record)

    ledger = Ledger(lambda: watcher.current, time, blocked)
    calls = Calls(ledger, log_call, time)
    books = Books(node.board, ledger, calls, counters, lambda: watcher.current, time)
    kept = Kept(config.node.state_dir, ledger.usage)
    kept.restore(time())
    ledger.follow()
    sti_vs = StiVs(config)
    node.trust = sti_vs.trust
    deciding = Deciding(_Engine(node, Readings(node.board), sti_vs.verifier), node.ourselves)
    wire = wire_of(config, ledger, sti_vs.hosts, time, books)
    keeping = _Keeping(node, spool, kept, books, calls, counters, wire)

    def work() -> Work:
        tasks = (keeping.keep, keeping.follow, sti_vs.follow, node.credentials.follow)
        return Work((*tasks, *([wire.run] if wire else [])), sti_vs.fetch)

    return Clerk(node.line, deciding, calls, books, log_call, work)


class _Keeping:
    """What the clerk does once a second beside the calls."""

    def __init__(
        self,
        node: Node,
        spool: Spool,
        kept: Kept,
        books: Books,
        calls: Calls,
        counters: Counters,
        wire: Wire | None,
    ) -> None:
        self._node, self._spool, self._kept, self._wire = node, spool, kept, wire
        self._books, self._calls, self._counters = books, calls, counters
        self._draining: bool | None = None  # what Kamailio was told, which one before may have been
        self._listed = ""

    async def keep(self) -> None:
        """Records to the recorder, figures onto the board, the status to whoever asks."""
        while True:
            self._books.post_all()
            self._spool.turn()
            self._kept.save_in_time(time())
            self._drain()
            self._write_status()
            await asyncio.sleep(TICK_SECONDS / 2)

    def _drain(self) -> None:
        wanted = draining.is_draining(self._node.config.node.state_dir)
        if wanted != self._draining:
            self._draining = wanted
            native.refuse_new_calls(wanted)

    def _write_status(self) -> None:
        config, revision = self._node.config, self._node.watcher.current.revision
        status = EdgeStatus(
            at=time(),
            ready=not self._draining and revision != NO_POLICY and revision == self._listed,
            draining=bool(self._draining),
            calls=len(self._calls),
            workers=config.kamailio.children,
            slots_free=max(0, config.sip.max_calls - len(self._calls)),
            revision=revision,
            records_lost=self._spool.lost + self._node.line.lost,
            credentials_revision=self._node.credentials.current.manifest.revision,
            credential_problems=self._node.credentials.problems,
            counters=self._counters.rows(),
            shared=self._wire.status if self._wire else None,
        )
        try:
            write_status(status_path(config.node.state_dir), status)
        except OSError as error:  # a full disk takes no call down
            _log.error("status.not-written", error=str(error))

    async def follow(self) -> None:
        """A change of policy that Kamailio itself has to know, and the dynamic black list."""
        config, watcher = self._node.config, self._node.watcher
        tls = any(listen.transport == "tls" for listen in config.sip.listen)
        while True:
            if await asyncio.to_thread(watcher.changed):
                self._books.follow()
            if watcher.current.revision != self._listed:
                render.write_lists(config, watcher.current)
                native.reload_peers(tls)
                self._listed = watcher.current.revision
            if news := await asyncio.to_thread(watcher.blocks_changed):
                self._books.learn(news.released, news.blocks)
            await asyncio.to_thread(self._node.origins.reload_if_changed)
            await asyncio.sleep(FOLLOW_SECONDS)
