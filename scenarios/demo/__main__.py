"""Runs the demonstration; exit status 0 only if every call went as expected."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from scenarios.demo import table
from scenarios.demo.calls import CALLS
from scenarios.demo.incoming import INCOMING, Carrier
from scenarios.demo.judge import judge
from scenarios.demo.lab import Lab, NotServing, running
from scenarios.demo.play import play
from scenarios.demo.table import entry, heading
from scenarios.demo.verifiers import NAMES, SECSIPIDX, Verifier
from tests.integration.sipp import SIPP


def main() -> int:
    """Start the lab, play the calls, print the table."""
    if SIPP is None:
        print("demo: SIPp is missing; do: apt-get install sip-tester", file=sys.stderr)
        return 1
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as name:
        folder = Path(name)
        try:
            with running(folder / "state") as lab:
                good = _play_all(lab, folder) + _play_incoming(lab, folder)
        except NotServing as error:
            print(f"demo: the gateway does not start\n{error}", file=sys.stderr)
            return 1
    calls = len(CALLS) + len(INCOMING)
    print(f"\n{good} of {calls} calls as expected, {time.monotonic() - begun:.0f} s")
    return 0 if good == calls else 1


def _play_all(lab: Lab, folder: Path) -> int:
    """Play every call, print its entry; how many went as expected."""
    verifier = Verifier(lab.anchor, folder)
    good = 0
    print(_introduction(lab), heading(), sep="\n\n")
    for number, call in enumerate(CALLS):
        heard = play(call, lab, folder / str(number))
        verdict = judge(call, heard, verifier)
        print(entry(call, heard, verdict), flush=True)
        good += not verdict.wrong
    return good


def _play_incoming(lab: Lab, folder: Path) -> int:
    """The same the other way: carriers call, and VOS3000 is told."""
    carrier = Carrier(lab, folder)
    good = 0
    print("\nCarriers call, with Identity headers signed by PyJWT.", table.incoming_heading(), sep="\n\n")
    for number, call in enumerate(INCOMING):
        told = carrier.play(call, number)
        print(table.incoming_entry(call, told), flush=True)
        good += not told.wrong
    return good


def _introduction(lab: Lab) -> str:
    hint = "" if SECSIPIDX else " (secsipidx would check too: apt-get install secsipidx)"
    return (
        f"A lab gateway on 127.0.0.2 port {lab.sip}, SIPp as VOS3000 and as the carriers.\n"
        f"What the carrier's Identity header says is checked by {', '.join(NAMES)}{hint}."
    )


if __name__ == "__main__":
    sys.exit(main())
