"""What a process says of the state it shares with other nodes, for the processes that answer `/readyz` and `/metrics`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedStatus:
    """`up`: Redis carries what nodes tell each other. `nodes`: the others heard lately. `problems`: what is wrong, for an
    operator; `dropped`: messages that could not be understood, since the process began."""

    up: bool
    nodes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    dropped: int = 0
