"""What is counted of the calls of one Kamailio, and how it comes onto the board that every process reads. This file does no
I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from gateway.kamailio.board import Board
from gateway.kamailio.calls import Calls
from gateway.kamailio.line import Told
from gateway.ledger import Ledger, Release
from gateway.metrics import Counters
from gateway.policy.blocks import Block
from gateway.policy.cps import Bucket
from gateway.policy.elsewhere import Figures
from gateway.policy.incidents import Incident
from gateway.policy.limits import Limits
from gateway.policy.peers import Peer
from gateway.policy.snapshot import Snapshot
from gateway.policy.usage import Reading

NODE = "node"
"""On the board: all calls of this node."""
NO_LIMITS = Limits()
BEYOND = ("node.full", "limit.setups", "limit.cps")
"""The rules of `beyond`: what they refuse does not count, or who calls too often would never be let in again."""


def load_of(peer: str) -> str:
    """On the board: a peer's calls in set-up, and its new calls of this second."""
    return f"load/{peer}"


@lru_cache(4096)
def _bounds(setups: int, cps: int) -> Limits:
    """A peer's own bounds; 0 is none."""
    return Limits(concurrent=setups or None, cps=cps or None)


@lru_cache(64)
def _room(max_calls: int) -> Limits:
    return Limits(concurrent=max_calls)


def beyond(peer: Peer, max_calls: int, readings: Reading, now: float) -> str | None:
    """The rule by which this node has no room for one more call of a peer, or None."""
    if readings.over(NODE, _room(max_calls), now):
        return "node.full"
    over = readings.over(load_of(peer.name), _bounds(peer.max_setups, peer.max_cps), now)
    return None if over is None else "limit.setups" if over == "concurrent" else "limit.cps"


class Books:
    """`snapshot` is the policy in force, `now` the epoch seconds."""

    def __init__(
        self,
        board: Board,
        ledger: Ledger,
        calls: Calls,
        counters: Counters,
        snapshot: Callable[[], Snapshot],
        now: Callable[[], float],
    ) -> None:
        self._board, self._ledger, self._calls, self._counters = board, ledger, calls, counters
        self._snapshot, self._now = snapshot, now
        self._arrivals: dict[str, Bucket] = {}
        self._peers, self._owners = set[str](), set[str]()  # of whom something has changed since `post`
        self._in_use: set[str] = set()

    def judged(self, told: Told) -> None:
        """A call was decided."""
        record, peer = told.record, told.record.get("peer", "")
        self._ledger.judged(told.parties, told.refused_by)
        if told.refused_by not in BEYOND:
            self._arrived(peer)
        attest = "" if told.refused_by else record.get("attest") or ""
        self._counters.inc("decisions", peer, attest, record["rule"].partition(":")[0])
        if record.get("direction") == "inbound" and "reason" in record:
            self._counters.inc("verifications", peer, record["reason"])
        for owner in told.hold.owners if told.hold else ():
            self._ask(owner)

    def _arrived(self, name: str) -> None:
        peer = self._snapshot().by_name.get(name)
        if peer and peer.max_cps:
            bucket = self._arrivals.setdefault(name, Bucket(float(peer.max_cps), self._now()))
            bucket.is_empty(peer.max_cps, self._now())
            bucket.take()
            self._peers.add(name)

    def _ask(self, owner: str) -> None:
        """Bounds are counted, and told to other nodes, from the moment somebody asks."""
        limits = self._limits(owner)
        if limits.asks:
            self._ledger.usage.over(owner, limits, self._now())

    def changed(self, peer: str, owners: Iterable[str]) -> None:
        """A call of this peer, which counts for these owners, has begun or gone on."""
        if peer:
            self._peers.add(peer)
        self._owners.update(owners)

    def post(self) -> None:
        """Put onto the board what has changed: once for all calls that were heard of together."""
        self._board.put_owner(NODE, len(self._calls), 0, None)
        for peer in self._peers:
            self._post_load(peer)
        for owner in self._owners:
            self._post(owner)
        self._peers.clear()
        self._owners.clear()

    def _post_load(self, peer: str) -> None:
        self._board.put_owner(load_of(peer), self._calls.setups[peer], 0, self._arrivals.get(peer))

    def _post(self, owner: str) -> None:
        """Of an owner without bounds nobody asks."""
        if self._limits(owner).asks:
            usage = self._ledger.usage
            committed = usage.committed(owner, self._now())
            self._board.put_owner(owner, usage.concurrent(owner), committed, usage.tokens(owner))

    def _limits(self, owner: str) -> Limits:
        kind, _, name = owner.partition("/")
        snapshot = self._snapshot()
        found = snapshot.by_name.get(name) if kind == "peer" else snapshot.accounts.get(name)
        return found.terms.limits if found else NO_LIMITS

    def post_all(self) -> None:
        """Once a second: what running calls cost grows, bounds come and go, and the clerk signs."""
        now = self._now()
        in_use = set(self._ledger.usage.snapshot(now)["owners"])
        for owner in self._in_use | in_use:  # what uses nothing any more, since midnight say, once more
            self._post(owner)
        self._in_use = in_use
        self._board.sign(now)

    def follow(self) -> None:
        """Go by the policy in force, though no call brings it."""
        self._ledger.follow()

    def learn(self, released: Iterable[Release], blocks: Iterable[Block]) -> None:
        """What operators and other nodes have let in again, and kept out."""
        released, blocks, now = tuple(released), tuple(blocks), self._now()
        self._ledger.learn(released, blocks)
        for each in released:
            if self._ledger.usage.blocked(each.type, each.subject, now) is None:
                self._board.remove_block(each.type, each.subject)
        for block in blocks:  # or the one made by hand that it does not replace
            held = self._ledger.usage.blocked(block.type, block.subject, now)
            self._board.put_block(held or block, now)

    # What other nodes tell

    def heard(self, node: str, owner: str, used: Figures, begun: int) -> None:
        """What another node uses of an owner now, and how many calls it has begun."""
        self._ledger.heard(node, owner, used, begun)
        self._post(owner)

    def forgotten(self, node: str) -> None:
        """Another node is gone, and its calls with it."""
        for owner in self._ledger.usage.forgotten(node):
            self._post(owner)

    def happened(self, incident: Incident) -> None:
        """Something that the dynamic black list counts."""
        self._ledger.happened(incident)

    def blocked(self, blocks: Iterable[Block]) -> None:
        """What another node has put on the dynamic black list."""
        self.learn((), blocks)
