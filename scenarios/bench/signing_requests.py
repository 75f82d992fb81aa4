"""How many calls the sidecar signs over HTTP, asked by wrk: on one core of its own, as fast as it can, and at half of what is
wanted of it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from scenarios.bench.figure import Figure, least, most
from scenarios.bench.length import Length
from scenarios.bench.node import HERE, Node, gateway, running_node
from scenarios.bench.openssl import speed
from scenarios.bench.processes import PROC, cpu_ms
from tests.integration.sipp import wait_for

SCRIPT = Path(__file__).with_name("signing.lua")
PATH = "/stir/v1/signing"
CONNECTIONS = 8
WANTED = 1500
SECONDS = 20.0
WARM_UP = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What wrk saw, and the sidecar's processor time for it."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_us: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def signing_requests(length: Length) -> Iterator[Figure]:
    """As many as eight connections get answered, then as many as are offered."""
    reference = speed(max(1, round(length.of(5)))).sign
    with running_node(workers=1, max_calls=2) as node:
        token = _token(node)
        wait_for(lambda: _lets_in(node, token), "the token to be known")
        cores = sorted(os.sched_getaffinity(0))
        _pin(node.pids["sidecar"], cores[0])
        _ask(node, token, cores, WARM_UP)
        full = _ask(node, token, cores, length.of(SECONDS))
        half = _ask(node, token, cores, length.of(SECONDS), WANTED // 2)
    yield Figure(
        f"POST {PATH}, the sidecar on one core",
        full.rate,
        "/s",
        least(WANTED),
        f"p50 {full.p50_ms:.1f}, p99 {full.p99_ms:.1f} ms; openssl signs {reference:,.0f}/s",
    )
    yield Figure(f"POST {PATH}: CPU a request", full.cpu_us, "µs")
    yield Figure(
        f"POST {PATH}: p99 at half of that",
        half.p99_ms,
        "ms",
        most(10),
        f"{half.rate:,.0f}/s of {WANTED // 2}, p50 {half.p50_ms:.1f} ms, {half.cpu_us:.0f} µs a request",
    )


def _token(node: Node) -> str:
    """A token that may have calls signed."""
    command = gateway("token", node.folder, "add", "bench", "--permit", "stir")
    done = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _lets_in(node: Node, token: str) -> bool:
    """Whether the sidecar knows the token: what is asked for so is a mistake, and not a stranger's."""
    shown = {"Authorization": f"Bearer {token}"}
    try:
        return httpx.post(_url(node), json={}, headers=shown, trust_env=False).status_code == 400
    except httpx.TransportError:  # it does not listen yet
        return False


def _pin(pid: int, core: int) -> None:
    for thread in (PROC / f"{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def _ask(node: Node, token: str, cores: list[int], seconds: float, rate: int | None = None) -> Outcome:
    """Have wrk ask from the other cores, so many times a second or without end; RuntimeError where one was refused."""
    others = ",".join(map(str, cores[1:] or cores))
    command = ["taskset", "-c", others, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"]
    environment = {**os.environ, "TOKEN": token} | ({"RATE": str(rate)} if rate else {})
    sidecar = node.pids["sidecar"]
    before = cpu_ms(sidecar)
    told = subprocess.run(
        [*command, "-s", str(SCRIPT), _url(node)], env=environment, capture_output=True, text=True, check=True
    )
    used = cpu_ms(sidecar) - before
    seen = json.loads(told.stdout.splitlines()[-1])
    if seen.pop("failed"):
        raise RuntimeError(f"a call was not signed:\n{told.stdout}")
    return Outcome(**seen, cpu_us=used * 1000 / seen["requests"])


def _url(node: Node) -> str:
    return f"http://127.0.0.1:{node.api}{PATH}"
