"""The processes of a running gateway, as its log names them."""

from __future__ import annotations

from pathlib import Path

from .world import Gateway


def process(gateway: Gateway, name: str) -> int:
    """The latest process of that name."""
    started = [
        x["pid"] for x in gateway.log_lines() if x["event"] == "process.started" and x["process"] == name
    ]
    return int(started[-1])


def workers(gateway: Gateway) -> list[int]:
    pool = process(gateway, "pool")
    return [int(pid) for pid in Path(f"/proc/{pool}/task/{pool}/children").read_text().split()]


def events(gateway: Gateway, name: str) -> int:
    """How often the log has said this so far."""
    return sum(line["event"] == name for line in gateway.log_lines())
