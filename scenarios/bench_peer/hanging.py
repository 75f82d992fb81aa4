"""Two certificate hosts that hang: what the calls of all others notice of them, by the peer and by us.

    alone      100 calls a second whose certificate is at hand
    troubled   the same, and 10 a second at each of two hosts that read the request and never answer

Both kinds of run take turns; the hosts that hang are new in each round, and each of their calls names a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scenarios.bench.length import Length
from scenarios.bench.node import CARRIER, SOFTSWITCH, Node
from scenarios.bench.traffic import Signed, seen, setups, signed_calls
from scenarios.bench_peer.relays import Relay
from scenarios.bench_peer.world import CALLED, World

TENS_A_SECOND = 10  # a ten is ten sound calls, and one at each host that hangs beside them
SECONDS = 10.0
ROUNDS = 3
HOSTS = 2 * ROUNDS
PATIENCE_MS = 30_000  # of a caller; then it gives up
WAITING = "12155550125"  # the number called tells the calls apart


def p99s(
    relay: Relay, world: World, ports: dict[str, int], folder: Path, length: Length
) -> Iterator[tuple[float, float]]:
    """Of each round: milliseconds from INVITE to 200 that 99 of 100 sound calls keep, alone and troubled; inf for no call."""
    side = Node(folder, 0, relay.port, 0, ports[CARRIER], ports[SOFTSWITCH])
    tens = round(max(4.0, length.of(SECONDS)) * TENS_A_SECOND)
    for number in range(ROUNDS):
        troubled = [each for ten in range(tens) for each in _troubled(world, number, ten)]
        alone = _p99(side, world.signed(10 * tens), 10 * TENS_A_SECOND)
        beside = _p99(side, troubled, 12 * TENS_A_SECOND)
        length.tell(f"{relay.name}: p99 alone {alone:.1f} ms, beside two hosts that hang {beside:.1f} ms")
        yield alone, beside


def _troubled(world: World, number: int, ten: int) -> list[Signed]:
    hanging = [
        f"http://127.0.0.1:{port}/hang/{ten}.pem" for port in world.hanging[2 * number : 2 * number + 2]
    ]
    return [*world.signed(10), *(world.token(x5u, WAITING) for x5u in hanging)]


def _p99(side: Node, calls: list[Signed], rate: int) -> float:
    signed_calls(side, rate, calls, PATIENCE_MS)
    times = sorted(each.ms for each in setups(seen(side, "caller")) if CALLED in each.start)
    return times[len(times) * 99 // 100] if times else float("inf")
