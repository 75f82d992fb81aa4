"""What a process that counts calls shares with other nodes, put together: its counters, the hosts of certificates, the wire."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_hex

from gateway.config import Config
from gateway.ledger import Ledger
from gateway.shared.hearing import Counting, Hearing
from gateway.shared.opening import Way
from gateway.shared.telling import Telling
from gateway.shared.wire import Wire
from gateway.trust.breaker import Breaker


def wire_of(
    config: Config,
    ledger: Ledger,
    hosts: Breaker,
    now: Callable[[], float],
    counting: Counting | None = None,
) -> Wire | None:
    """The wire of a node with this configuration, to be run; None where it shares nothing.

    What others tell is counted by `counting`, which is the ledger itself if nothing else is said.
    """
    way = Way.of(config.store)
    if way is None:
        return None
    name, instance, usage = config.node.name, token_hex(8), ledger.usage
    telling = Telling(name, instance, lambda owner: usage.own(owner, now()))
    hearing = Hearing(name, instance, counting or ledger, hosts.learn)
    usage.news, hosts.tell = telling, telling.host
    return Wire(way, name, telling, hearing, usage, now)
