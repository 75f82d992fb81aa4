"""Calls through a gateway: SIPp as the softswitch and as the carrier, and what both saw.

SIPp's own clock steps in 4 ms, so times are taken from the microseconds of its short message log.
"""

from __future__ import annotations

import csv
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from scenarios.bench.node import CARRIER, HERE, SOFTSWITCH, Node
from tests.integration.sipp import SIPP, free_port, is_bound, wait_for

TAIL_SECONDS = 60  # what the last calls may take beyond the sending time: 64*T1 and some
FAREWELL_SECONDS = 8.0  # what the carrier may take to end its last calls


class Seen(NamedTuple):
    """One message in a short log: seconds since the epoch, who, what."""

    at: float
    received: bool
    call_id: str
    cseq: str  # "1 INVITE"
    start: str  # the message's first line


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the traffic. `setup_ms` holds INVITE → 200 of every answered call, ascending."""

    wanted: int
    succeeded: int
    seconds: float
    retransmissions: int
    setup_ms: tuple[float, ...]
    sipp_cpu_ms: float
    complaint: str  # the first of the softswitch's SIPp

    @property
    def failed(self) -> int:
        """Calls that did not go from INVITE to the answered BYE."""
        return self.wanted - self.succeeded

    @property
    def rate(self) -> float:
        """Calls a second that were really begun."""
        return self.wanted / self.seconds

    def percentile(self, share: int) -> float:
        """The set-up time in milliseconds that `share` per cent of the calls keep."""
        times = self.setup_ms
        return times[min(len(times) - 1, len(times) * share // 100)] if times else float("inf")

    def __str__(self) -> str:
        return (
            f"{self.rate:.0f} calls/s: {self.wanted} calls, {self.failed} failed, {self.retransmissions} retransmissions, "
            f"p50 {self.percentile(50):.1f} p99 {self.percentile(99):.1f} ms {self.complaint}".rstrip()
        )


class Traffic:
    """Calls at a rate, running in the background until `finish`; as a context it ends what is left of them."""

    def __init__(self, node: Node, rate: int, calls: int, *, hold_ms: int = 0, at_once: int = 20_000) -> None:
        """`hold_ms`: how long a call stays up; `at_once`: calls held at most, beyond which SIPp waits."""
        if SIPP is None:
            raise FileNotFoundError("sipp is not installed: apt-get install sip-tester")
        self._node, self._wanted, self._planned = node, calls, calls / rate
        self._cpu = _waited_for_cpu_ms()
        self._carrier = _sipp(node, "carrier", CARRIER, node.carrier, [])
        wait_for(lambda: is_bound(CARRIER, node.carrier, "udp"), "the carrier's SIPp")
        options = ["-r", str(rate), "-m", str(calls), "-l", str(at_once), "-d", str(hold_ms)]
        self._begun = time.monotonic()
        self._caller = _sipp(node, "caller", SOFTSWITCH, free_port(SOFTSWITCH), options)
        self._limit = self._planned + hold_ms / 1000 + TAIL_SECONDS

    def finish(self) -> Outcome:
        """Wait for the last call; raises subprocess.TimeoutExpired where SIPp does not end."""
        self._caller.wait(self._limit)
        self._carrier.send_signal(signal.SIGUSR1)  # end when no call is left
        try:
            self._carrier.wait(FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            _end(self._carrier)
        return self._outcome()

    def _outcome(self) -> Outcome:
        caller, carrier = (_last_row(self._node.folder / f"{role}.csv") for role in ("caller", "carrier"))
        messages = list(seen(self._node, "caller"))
        begun = [each.at for each in messages if each.start.startswith("INVITE")]
        return Outcome(
            wanted=self._wanted,
            succeeded=int(caller["SuccessfulCall(C)"]),
            seconds=max(begun) - min(begun) + self._planned / self._wanted,
            retransmissions=int(caller["Retransmissions(C)"]) + int(carrier["Retransmissions(C)"]),
            setup_ms=tuple(sorted(_setup_ms(messages))),
            sipp_cpu_ms=_waited_for_cpu_ms() - self._cpu,
            complaint=_first_line(self._node.folder / "caller.errors"),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        _end(self._caller)
        _end(self._carrier)


def calls(node: Node, rate: int, seconds: float, *, hold_ms: int = 0) -> Outcome:
    """Place calls at a rate and wait for the last one."""
    with Traffic(node, rate, round(rate * seconds), hold_ms=hold_ms) as traffic:
        return traffic.finish()


def seen(node: Node, role: str) -> Iterator[Seen]:
    """The messages a side of the last traffic saw, in order."""
    with (node.folder / f"{role}.messages").open(errors="replace") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if len(fields) == 7:
                _, _, at, direction, call_id, cseq, start = fields
                yield Seen(float(at), direction == "R", call_id, cseq.removeprefix("CSeq:"), start)


def _setup_ms(messages: list[Seen]) -> Iterator[float]:
    """From the first INVITE of a call to its first 200, in milliseconds."""
    invited: dict[str, float] = {}
    for at, received, call_id, cseq, start in messages:
        if start.startswith("INVITE"):
            invited.setdefault(call_id, at)
        elif received and start.startswith("SIP/2.0 200") and cseq.endswith("INVITE") and call_id in invited:
            yield (at - invited.pop(call_id)) * 1000


def _sipp(node: Node, role: str, host: str, port: int, options: list[str]) -> subprocess.Popen[bytes]:
    for old in node.folder.glob(f"{role}.*"):
        old.unlink()
    command = [
        *(str(SIPP), "-sf", str(HERE / f"{role}.xml"), "-i", host, "-p", str(port), *options),
        *(
            "-nostdin",
            "-skip_rlimit",
            "-buff_size",
            "1048576",
            "-trace_stat",
            "-stf",
            f"{role}.csv",
            "-fd",
            "1",
        ),
        *("-trace_shortmsg", "-shortmessage_file", f"{role}.messages"),
        *("-trace_err", "-error_file", f"{role}.errors", node.address),
    ]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=node.folder, stdin=quiet, stdout=quiet, stderr=quiet)


def _last_row(file: Path) -> dict[str, str]:
    with file.open() as lines:
        return list(csv.DictReader(lines, delimiter=";"))[-1]


def _first_line(file: Path) -> str:
    return file.read_text(errors="replace").partition("\n")[0] if file.exists() else ""


def _waited_for_cpu_ms() -> float:
    """Processor time of every child of ours that has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
