"""Calls through a gateway: SIPp as the caller and as the callee, and what both saw. The softswitch calls and the carrier
answers; signed calls go the other way.

SIPp's own clock steps in 4 ms, so times are taken from the microseconds of its short message log.
"""

from __future__ import annotations

import csv
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from scenarios.bench.node import CARRIER, HERE, SOFTSWITCH, Node
from scenarios.bench.processes import ended_cpu_ms
from tests.integration.sipp import SIPP, free_port, is_bound, wait_for

TAIL_SECONDS = 60  # what the last calls may take beyond the sending time: 64*T1 and some
FAREWELL_SECONDS = 8.0  # what the carrier may take to end its last calls
# Who calls whom where a softswitch calls: every even number from 0000 to 9998 in turn.
_NUMBERED, _NUMBERS = "SEQUENTIAL,PRINTF=5000,PRINTFMULTIPLE=2", "+1215555%04d;+1303555%04d"

_WHOLE = ["-trace_msg", "-message_file", "callee.whole"]


class Seen(NamedTuple):
    """One message in a short log: seconds since the epoch, who, what."""

    at: float
    received: bool
    call_id: str
    cseq: str  # "1 INVITE"
    start: str  # the message's first line


class Signed(NamedTuple):
    """What a carrier's call carries: its token, where the certificate is, and the number called."""

    token: str
    x5u: str
    called: str


class Setup(NamedTuple):
    """A call that was answered: the INVITE's first line, and milliseconds until the 200."""

    start: str
    ms: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the traffic. `setup_ms` holds INVITE → 200 of every answered call, ascending."""

    wanted: int
    succeeded: int
    seconds: float
    retransmissions: int
    setup_ms: tuple[float, ...]
    sipp_cpu_ms: float
    complaint: str  # the first of the caller's SIPp

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

    def __init__(
        self,
        node: Node,
        rate: int,
        calls: int,
        *,
        hold_ms: int = 0,
        at_once: int = 20_000,
        signed: Sequence[Signed] = (),
        whole: bool = False,
        patience_ms: int = 0,
    ) -> None:
        """`hold_ms`: how long a call stays up; `at_once`: calls held at most, beyond which SIPp waits.

        whole: whether every message that the callee sees is kept, in `callee.whole`.

        patience_ms: how long a caller waits for an answer before it gives up; 0 is for ever.

        `signed`: the tokens of a carrier's calls, one for each; without any, the softswitch calls.
        """
        if SIPP is None:
            raise FileNotFoundError("sipp is not installed: apt-get install sip-tester")
        self._node, self._wanted, self._planned = node, calls, calls / rate
        self._cpu = ended_cpu_ms()
        sides = _inbound(node) if signed else _outbound(node)
        self._callee = _sipp(node, "callee", "callee.xml", sides.callee, sides.port, _WHOLE if whole else [])
        wait_for(lambda: is_bound(sides.callee, sides.port, "udp"), "the callee's SIPp")
        options = ["-r", str(rate), "-m", str(calls), "-l", str(at_once), "-d", str(hold_ms)]
        options += ["-recv_timeout", str(patience_ms)] if patience_ms else []
        options += _injected(node.folder / "fields.csv", signed)
        self._caller = _sipp(node, "caller", sides.scenario, sides.caller, free_port(sides.caller), options)
        self._limit = self._planned + hold_ms / 1000 + TAIL_SECONDS

    def finish(self) -> Outcome:
        """Wait for the last call; raises subprocess.TimeoutExpired where SIPp does not end."""
        self._caller.wait(self._limit)
        self._callee.send_signal(signal.SIGUSR1)  # end when no call is left
        try:
            self._callee.wait(FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            _end(self._callee)
        return self._outcome()

    def _outcome(self) -> Outcome:
        caller, callee = (_last_row(self._node.folder / f"{role}.csv") for role in ("caller", "callee"))
        messages = list(seen(self._node, "caller"))
        begun = [each.at for each in messages if each.start.startswith("INVITE")]
        return Outcome(
            wanted=self._wanted,
            succeeded=int(caller["SuccessfulCall(C)"]),
            seconds=max(begun) - min(begun) + self._planned / self._wanted,
            retransmissions=int(caller["Retransmissions(C)"]) + int(callee["Retransmissions(C)"]),
            setup_ms=tuple(sorted(each.ms for each in setups(messages))),
            sipp_cpu_ms=ended_cpu_ms() - self._cpu,
            complaint=_first_line(self._node.folder / "caller.errors"),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        _end(self._caller)
        _end(self._callee)


def calls(node: Node, rate: int, seconds: float) -> Outcome:
    """Place calls of the softswitch at a rate and wait for the last one."""
    with Traffic(node, rate, round(rate * seconds)) as traffic:
        return traffic.finish()


def signed_calls(node: Node, rate: int, signed: Sequence[Signed], patience_ms: int = 0) -> Outcome:
    """Place calls of the carrier, one with each of these, at a rate, and wait for the last one."""
    with Traffic(node, rate, len(signed), signed=signed, patience_ms=patience_ms) as traffic:
        return traffic.finish()


def seen(node: Node, role: str) -> Iterator[Seen]:
    """The messages a side of the last traffic saw, in order."""
    with (node.folder / f"{role}.messages").open(errors="replace") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if len(fields) == 7:
                _, _, at, direction, call_id, cseq, start = fields
                yield Seen(float(at), direction == "R", call_id, cseq.removeprefix("CSeq:"), start)


def setups(messages: Iterable[Seen]) -> Iterator[Setup]:
    """From the first INVITE of each call to its first 200."""
    invited: dict[str, tuple[str, float]] = {}
    for at, received, call_id, cseq, start in messages:
        if start.startswith("INVITE"):
            invited.setdefault(call_id, (start, at))
        elif received and start.startswith("SIP/2.0 200") and cseq.endswith("INVITE") and call_id in invited:
            invite, begun = invited.pop(call_id)
            yield Setup(invite, (at - begun) * 1000)


class _Sides(NamedTuple):
    """Who calls, by which scenario, and who answers at which port."""

    scenario: str
    caller: str
    callee: str
    port: int


def _outbound(node: Node) -> _Sides:
    return _Sides("caller.xml", SOFTSWITCH, CARRIER, node.carrier)


def _inbound(node: Node) -> _Sides:
    return _Sides("signed.xml", CARRIER, SOFTSWITCH, node.softswitch)


def _injected(file: Path, signed: Sequence[Signed]) -> list[str]:
    """SIPp's options for a file with the fields of each call: those of a carrier, or a softswitch's numbers."""
    lines = ["SEQUENTIAL", *map(";".join, signed)] if signed else [_NUMBERED, _NUMBERS]
    file.write_text("\n".join(lines) + "\n")
    return ["-inf", file.name]


def _sipp(
    node: Node, role: str, scenario: str, host: str, port: int, options: list[str]
) -> subprocess.Popen[bytes]:
    for old in node.folder.glob(f"{role}.*"):
        old.unlink()
    command = [
        *(str(SIPP), "-sf", str(HERE / scenario), "-i", host, "-p", str(port), *options),
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


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
