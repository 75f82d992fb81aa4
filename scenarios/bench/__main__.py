"""Runs the rows and prints the table. The figures inform: the exit code is 1 only where a row could not be run."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scenarios.bench.cache import cache
from scenarios.bench.cluster import cluster
from scenarios.bench.crash import crash
from scenarios.bench.figure import Figure, table
from scenarios.bench.fuzz import fuzz
from scenarios.bench.inbound import inbound
from scenarios.bench.length import Length
from scenarios.bench.load import ladder, load
from scenarios.bench.machine import machine
from scenarios.bench.memory import memory
from scenarios.bench.policy import policy
from scenarios.bench.records import records
from scenarios.bench.replay import replay
from scenarios.bench.sign import signing
from scenarios.bench.signing_requests import signing_requests
from scenarios.bench.trouble import trouble
from scenarios.bench.verify import verifying
from scenarios.bench.worker import worker

ROWS: dict[str, Callable[[Length], Iterator[Figure]]] = {
    "sign": signing,
    "signing": signing_requests,
    "verify": verifying,
    "load": load,
    "ladder": ladder,
    "inbound": inbound,
    "trouble": trouble,
    "cache": cache,
    "replay": replay,
    "policy": policy,
    "records": records,
    "memory": memory,
    "worker": worker,
    "fuzz": fuzz,
    "crash": crash,
    "cluster": cluster,
}
FAILURES = (OSError, RuntimeError, subprocess.SubprocessError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; 0 if every row could be run."""
    asked = _arguments(argv)
    length = Length(asked.short)
    figures: list[Figure] = []
    broken = [name for name in asked.only or ROWS if not _row(name, length, figures)]
    about = machine()
    print(", ".join(f"{key} {value}" for key, value in about.items()) + (", SHORT" if asked.short else ""))
    print(table(figures))
    if asked.json:
        asked.json.write_text(
            json.dumps(
                {"machine": about, "short": asked.short, "figures": [figure.plain for figure in figures]},
                indent=1,
            )
        )
    if broken:
        print(f"could not be run: {', '.join(broken)}")
    return int(bool(broken))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="measure the gateway on this machine")
    parser.add_argument(
        "--only",
        action="append",
        choices=ROWS,
        metavar="ROW",
        help=f"one of {', '.join(ROWS)}; may be repeated",
    )
    parser.add_argument("--short", action="store_true", help="a tenth of the length: shows that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args(argv)


def _row(name: str, length: Length, figures: list[Figure]) -> bool:
    """Run one row and keep its figures; whether it could be run."""
    length.tell(f"{name} …")
    try:
        figures.extend(ROWS[name](length))
    except FAILURES as error:
        length.tell(f"{name} could not be run: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
