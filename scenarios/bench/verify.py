"""How fast `gateway verify --batch -` verifies, beside openssl's verifications on one core.

One process is counted in processor time, as openssl counts; the command as it runs by itself, with a process for each
core, by the clock. All take turns several times, so that the ratio means something on a noisy machine; what the command
takes to start is measured apart and not counted. `openssl speed ecdsap256` verifies one signature of a few bytes again
and again; a line is read, its chain and its revocation list are recognised, its token is taken apart, compared and
verified, and a verdict is written.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from gateway.stir.identity import build
from scenarios.bench.carriers import CALLER, Carriers
from scenarios.bench.figure import Figure, least
from scenarios.bench.length import Length
from scenarios.bench.openssl import speed
from scenarios.bench.processes import ended_cpu_ms

TURNS = 5
LINES = 20_000  # of one carrier, each another call
STRANGERS = 1_000  # lines, each with a chain that was not seen before
OPENSSL_SECONDS = 2
FIRST_CALLED = 12155550000
PASSED = b'{"verstat":"TN-Validation-Passed"'  # how the line of a call that passed begins


class _Turn(NamedTuple):
    """Microseconds: of a verification by openssl; of a line whose chain is known, in one process, and as the command runs
    by itself; of a line in one process whose chain was not seen before."""

    openssl: float
    known: float
    by_itself: float
    strange: float


def verifying(length: Length) -> Iterator[Figure]:
    """The batch's share of what openssl verifies on one core; what a chain costs that was not seen before."""
    with TemporaryDirectory(prefix="gateway-bench-") as name:
        batches = _Batches(Path(name), round(length.of(LINES)), round(length.of(STRANGERS)))
        turns = [batches.turn(max(1, round(length.of(OPENSSL_SECONDS)))) for _ in range(TURNS)]
    middle = _Turn(*map(median, zip(*turns, strict=True)))
    one, cores = (sorted(each) for each in zip(*map(_ratios, turns), strict=True))
    what, wanted = "gateway verify --batch", least(0.6, 0.85)
    rate = f"{1e6 / middle.known:,.0f}/s of {1e6 / middle.openssl:,.0f}/s"
    yield Figure(f"{what}, one process / openssl speed", median(one), "", wanted, f"{rate}; {_spread(one)}")
    rate = f"{1e6 / middle.by_itself:,.0f}/s by the clock"
    yield Figure(
        f"{what}, all cores / openssl on one", median(cores), "", wanted, f"{rate}; {_spread(cores)}"
    )
    yield Figure(f"{what}, chain known", middle.known, "µs/line", note=f"openssl {middle.openssl:.0f} µs")
    yield Figure(f"{what}, each line another chain", middle.strange, "µs/line")


def _ratios(turn: _Turn) -> tuple[float, float]:
    return turn.openssl / turn.known, turn.openssl / turn.by_itself


def _spread(ratios: list[float]) -> str:
    return f"median of {ratios[0]:.2f} to {ratios[-1]:.2f}"


class _Used(NamedTuple):
    """What a command took."""

    cpu_ms: float
    clock_ms: float


class _Batches:
    """Files of lines in a folder, and the command that answers them."""

    def __init__(self, folder: Path, lines: int, strangers: int) -> None:
        self._folder, self._lines, self._strangers = folder, lines, strangers
        self._now = time.time()
        self._carriers = Carriers(self._now)
        (folder / "anchors.pem").write_bytes(self._carriers.anchors)
        self._write("one", [0])
        self._write("known", [0] * lines)
        self._write("strange", range(strangers))

    def turn(self, seconds: int) -> _Turn:
        """Each of them once; openssl for so many seconds."""
        openssl = 1e6 / speed(seconds).verify
        start = self._answered("one", "--jobs", "1")
        known = self._answered("known", "--jobs", "1")
        by_itself = self._answered("known")
        strange = self._answered("strange", "--jobs", "1")
        return _Turn(
            openssl,
            known=(known.cpu_ms - start.cpu_ms) / self._lines * 1000,
            by_itself=(by_itself.clock_ms - start.clock_ms) / self._lines * 1000,
            strange=(strange.cpu_ms - start.cpu_ms) / self._strangers * 1000,
        )

    def _write(self, name: str, carriers: Sequence[int]) -> None:
        """A file with a call of each of these carriers."""
        chains = {number: self._carriers.chain(number).decode() for number in set(carriers)}
        with (self._folder / name).open("wb") as file:
            file.writelines(
                self._line(call, carrier, chains[carrier]) for call, carrier in enumerate(carriers)
            )

    def _line(self, call: int, carrier: int, chain: str) -> bytes:
        x5u, called = f"https://certificates.example.com/{carrier:04}.pem", str(FIRST_CALLED + call)
        request = {
            "identity": [build(self._carriers.token(x5u, called, int(self._now)), x5u)],
            "orig": f"+{CALLER}",
            "dest": f"+{called}",
            "now": self._now,
            "certificates": {x5u: chain},
            "crls": [self._carriers.crl.decode()],
        }
        return json.dumps(request).encode() + b"\n"

    def _answered(self, name: str, *options: str) -> _Used:
        """What the command takes for a file of lines; RuntimeError unless each of them passes."""
        command = [sys.executable, "-m", "gateway.cli", "verify", "--batch", "-", *options]
        anchors = ["--anchors", str(self._folder / "anchors.pem")]
        cpu, clock = ended_cpu_ms(), time.perf_counter()
        with (self._folder / name).open("rb") as lines, (self._folder / "verdicts").open("wb") as verdicts:
            subprocess.run([*command, *anchors], check=True, stdin=lines, stdout=verdicts)
        used = _Used(ended_cpu_ms() - cpu, (time.perf_counter() - clock) * 1000)
        asked = (self._folder / name).read_bytes().count(b"\n")
        passed = (self._folder / "verdicts").read_bytes().count(PASSED)
        if passed != asked:
            raise RuntimeError(f"{passed} of {asked} sound lines passed")
        return used
