"""Runs the relays in turns and prints the table. The exit code is 1 only where nothing could be measured."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from statistics import median

from gateway.kamailio.process import ALLOCATOR
from scenarios.bench.length import Length
from scenarios.bench.machine import machine
from scenarios.bench.node import CARRIER, SOFTSWITCH
from scenarios.bench.traffic import Signed
from scenarios.bench_peer import hanging
from scenarios.bench_peer.relays import Relay, door_of, running_relay
from scenarios.bench_peer.traffic import Ends, Went, place
from scenarios.bench_peer.world import World, made_world
from tests.integration.sipp import free_port

RATE, SECONDS, ROUNDS = 1000, 20.0, 5
WARM_UP_SECONDS = 5.0
STEP, STEP_SECONDS = 250, 10.0
SIGN, VERIFY = ("sign secsipid", "sign ours"), ("verify secsipid", "verify ours")
VARIANTS = ("relay", *SIGN, *VERIFY)
WANTED = {"sign": 1.0, "verify": 0.70}
HANGING_WANTED = 1.10


class Bench:
    """The relays that run, and what calls through them."""

    def __init__(self, folder: Path, world: World, ports: dict[str, int], length: Length, rate: int) -> None:
        self._folder, self._world, self._ports = folder, world, ports
        self._length, self._rate = length, rate
        self._relays: dict[str, Relay] = {}

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """All relays at once: those that have no calls cost nothing."""
        with contextlib.ExitStack() as stack:
            for name in VARIANTS:
                folder = self._folder / name.replace(" ", "-")
                folder.mkdir()
                relay = running_relay(name, folder, self._step(name, folder), self._next_hop(name))
                self._relays[name] = stack.enter_context(relay)
            yield

    def _step(self, name: str, folder: Path) -> dict[str, str | None]:
        if name.endswith("ours"):
            return door_of(self._world.configured(folder), folder)
        if name == "sign secsipid":
            return {"SIGN_PEER": None, "KEY": str(self._world.folder / "own.key"), "X5U": self._world.x5u}
        if name == "verify secsipid":
            roots = f"CertCAFile={self._world.folder / 'anchors.pem'}"
            (folder / "cache").mkdir()
            return {"VERIFY_PEER": None, "CACHE": str(folder / "cache"), "ROOTS": roots}
        return {}

    def _next_hop(self, name: str) -> str:
        host = SOFTSWITCH if name in VERIFY else CARRIER
        return f"sip:{host}:{self._ports[host]}"

    def call(self, name: str, rate: int, seconds: float) -> Went:
        """Calls through one of them."""
        calls = round(rate * seconds)
        fields: Sequence[Signed] | int = self._world.signed(calls) if name in VERIFY else calls
        caller, callee = (CARRIER, SOFTSWITCH) if name in VERIFY else (SOFTSWITCH, CARRIER)
        ends = Ends(self._folder, self._relays[name].address, caller, callee, self._ports[callee])
        went = place(ends, rate, fields)
        self._length.tell(f"{name}: {went}")
        return went

    def cost(self, name: str, seconds: float) -> float:
        """Milliseconds of processor time a call; RuntimeError where calls failed: then it would be that of failures."""
        relay = self._relays[name]
        before = relay.cpu
        went = self.call(name, self._rate, seconds)
        if went.failed > went.wanted // 100:
            raise RuntimeError(f"{name}: {went}; try a lower --rate")
        return (relay.cpu - before) / went.wanted

    def hanging(self, name: str) -> list[tuple[float, float]]:
        """As `hanging.p99s`, through one of them."""
        folder = self._folder / "hanging"
        folder.mkdir(exist_ok=True)
        return list(hanging.p99s(self._relays[name], self._world, self._ports, folder, self._length))

    def highest(self, name: str, seconds: float) -> int:
        """The highest rate at which every call went through."""
        clean = 0
        for rate in count(self._rate, max(STEP, self._rate // 4)):
            if not self.call(name, rate, seconds).is_clean(rate):
                return clean
            clean = rate
        raise AssertionError("unreachable")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; 0 if there is a table."""
    asked = _arguments(argv)
    length = Length(asked.short)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-peer-") as name:
            folder = Path(name)
            ports = {host: free_port(host) for host in (CARRIER, SOFTSWITCH)}
            with made_world(folder, ports[CARRIER], ports[SOFTSWITCH], hanging.HOSTS, length) as world:
                bench = Bench(folder, world, ports, length, asked.rate)
                with bench.running():
                    _measure(bench, length, asked)
    except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
        print(f"bench-peer: {error}", file=sys.stderr)
        return 1
    return 0


def _measure(bench: Bench, length: Length, asked: argparse.Namespace) -> None:
    for name in VARIANTS:
        bench.call(name, asked.rate // 2, length.of(WARM_UP_SECONDS))
    rounds = [{name: bench.cost(name, length.of(SECONDS)) for name in VARIANTS} for _ in range(asked.rounds)]
    print(
        ", ".join(f"{key} {value}" for key, value in machine().items())
        + f", allocator {ALLOCATOR}"
        + (", SHORT" if asked.short else "")
    )
    print(f"\nCPU-ms a whole call at {asked.rate} calls/s, {asked.rounds} rounds in turns")
    print(f"{'':16} {'min':>7} {'median':>7} {'max':>7}")
    for name in VARIANTS:
        print(_row(name, [each[name] for each in rounds]))
    print("\nours / secsipid, of the same round")
    for what, (peer, ours) in {"sign": SIGN, "verify": VERIFY}.items():
        ratios = [each[ours] / each[peer] for each in rounds]
        print(_row(f"{what}", ratios))
        print(f"ratio {what} {median(ratios):.2f}   (wanted ≤ {WANTED[what]:.2f})")
    print("\ntwo certificate hosts that hang: p99 of the other calls, beside them / alone")
    for name in VERIFY:
        rounds_of = bench.hanging(name)
        print(_row(name, [beside / alone for alone, beside in rounds_of]))
    print(f"(wanted for ours ≤ {HANGING_WANTED:.2f})")
    if asked.ladder:
        print("\nhighest rate without a failed call, calls/s")
        for name in VARIANTS:
            print(f"{name:16} {bench.highest(name, length.of(STEP_SECONDS)):7}")


def _row(name: str, values: Sequence[float]) -> str:
    return f"{name:16} {min(values):7.3f} {median(values):7.3f} {max(values):7.3f}"


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench-peer", description="door 3 beside Kamailio's secsipid module"
    )
    parser.add_argument("--short", action="store_true", help="a tenth of the length: shows that it works")
    parser.add_argument("--rate", type=int, default=RATE, help="calls a second, default %(default)s")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default %(default)s")
    parser.add_argument(
        "--no-ladder", dest="ladder", action="store_false", help="leave out the highest rates"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
