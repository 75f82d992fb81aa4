"""Calls of no length through a relay: SIPp as the caller and as the callee, without a message log, which would cost more than
what is measured."""

from __future__ import annotations

import csv
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scenarios.bench.traffic import Signed
from tests.integration.sipp import SIPP, free_port, is_bound, wait_for

HERE = Path(__file__).parent
TAIL_SECONDS = 40  # what the last calls may take beyond the sending time
BEGUN = 0.97
"""A rate counts where SIPp began at least this share of its calls in time."""


@dataclass(frozen=True, slots=True)
class Went:
    """What came of the calls; seconds: from the first to the last that was begun, about."""

    wanted: int
    failed: int
    seconds: float
    retransmissions: int

    def is_clean(self, rate: int) -> bool:
        """Whether each call went through, at the rate that was asked for."""
        return not self.failed and self.wanted / self.seconds >= BEGUN * rate

    def __str__(self) -> str:
        rate = self.wanted / self.seconds
        return (
            f"{self.wanted} calls, {rate:.0f}/s, {self.failed} failed, {self.retransmissions} retransmissions"
        )


@dataclass(frozen=True, slots=True)
class Ends:
    """Who calls and who is called, through a relay at `address`."""

    folder: Path
    address: str
    caller: str
    callee: str
    port: int  # of the callee


def place(ends: Ends, rate: int, fields: Sequence[Signed] | int) -> Went:
    """Place calls at a rate and wait for the last one: a carrier's with these tokens, or so many of a softswitch."""
    count = fields if isinstance(fields, int) else len(fields)
    callee = _sipp(ends, "callee", "callee.xml", ends.callee, ends.port, [])
    try:
        wait_for(lambda: is_bound(ends.callee, ends.port, "udp"), "the callee's SIPp")
        scenario = "caller.xml" if isinstance(fields, int) else "signed.xml"
        options = ["-r", str(rate), "-m", str(count), "-l", "20000", "-d", "0", *_fields(ends, fields)]
        caller = _sipp(ends, "caller", scenario, ends.caller, free_port(ends.caller), options)
        try:
            caller.wait(count / rate + TAIL_SECONDS)
        except subprocess.TimeoutExpired:
            caller.kill()
            caller.wait()
    finally:
        callee.kill()
        callee.wait()
    return _went(ends.folder / "caller.csv", count, rate)


def _fields(ends: Ends, fields: Sequence[Signed] | int) -> list[str]:
    """Every even number from 0000 to 9998 in turn calls, or each call has the fields of its own."""
    file = ends.folder / "fields.csv"
    if isinstance(fields, int):
        file.write_text("SEQUENTIAL,PRINTF=5000,PRINTFMULTIPLE=2\n+1215555%04d;+1303555%04d\n")
    else:
        file.write_text("\n".join(["SEQUENTIAL", *map(";".join, fields)]) + "\n")
    return ["-inf", file.name]


def _sipp(
    ends: Ends, role: str, scenario: str, host: str, port: int, options: list[str]
) -> subprocess.Popen[bytes]:
    (ends.folder / f"{role}.csv").unlink(missing_ok=True)
    command = [
        *(str(SIPP), "-sf", str(HERE / scenario), "-i", host, "-p", str(port), *options),
        *("-nostdin", "-skip_rlimit", "-buff_size", "4194304"),
        *("-trace_stat", "-stf", f"{role}.csv", "-fd", "1", ends.address),
    ]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=ends.folder, stdin=quiet, stdout=quiet, stderr=quiet)


def _went(file: Path, wanted: int, rate: int) -> Went:
    with file.open() as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    last = rows[-1]
    begun = [row for row in rows if int(row["TotalCallCreated"]) < wanted]
    seconds = max(wanted / rate, _seconds(begun[-1]["ElapsedTime(C)"]) if begun else 0.0)
    return Went(wanted, wanted - int(last["SuccessfulCall(C)"]), seconds, int(last["Retransmissions(C)"]))


def _seconds(text: str) -> float:
    """As SIPp writes a time: 00:00:12, or 00:00:12:345000."""
    hours, minutes, seconds, *micros = map(int, re.findall(r"\d+", text))
    return hours * 3600 + minutes * 60 + seconds + (micros[0] / 1e6 if micros else 0.0)
