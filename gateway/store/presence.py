"""This node in the registry: what it says of itself, often enough to be known to be there, and at once when it changes.

Two nodes of one name write the same row in turns. Each finds the other's mark there, and says so: records of calls and shared
figures carry the name.
"""

from __future__ import annotations

import secrets
import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gateway.config import Config
from gateway.metrics import fresh_status, status_path
from gateway.store.alarms import Alarms
from gateway.store.errors import StoreGone
from gateway.store.nodes import MISSED, Node, Nodes, Report
from gateway.version import version

EVERY_SECONDS = {"postgresql": 2.0, "sqlite": 10.0}
"""Between two reports, by kind of database: a file has one writer, and no other node waits for what it says."""

LOOK_SECONDS = 1.0
"""Between two looks at what the edge says; it says it as often."""


class Presence:
    """Reports one node. clock: epoch seconds, ticks: seconds that nobody sets back."""

    def __init__(
        self, config: Config, clock: Callable[[], float], ticks: Callable[[], float], alarms: Alarms
    ) -> None:
        self._config, self._clock, self._ticks, self._alarms = config, clock, ticks, alarms
        self._edge = status_path(config.node.state_dir)
        self._first = Report(
            host=socket.gethostname(),
            door=config.sip.door,
            addresses=tuple(map(str, config.sip.listen)),
            version=version(),
            started=clock(),
            every=0.0,
        )
        self._mark: str | None = None
        self._said: Report | None = None
        self._look_at = self._say_at = self._alone_at = ticks()
        self.standings: Mapping[str, int] = {}

    def step(self, nodes: Nodes, revision: str) -> None:
        """Report if it is time to, or if there is something new. revision: of the policy in force.

        Where the database does not take it, for somebody writes for long or it has gone, that is for those to say who need it.
        """
        if self._ticks() < self._look_at:
            return
        self._look_at = self._ticks() + LOOK_SECONDS
        report = self._report(EVERY_SECONDS[nodes.engine.dialect.name], revision)
        if self._ticks() >= self._say_at or _news(report) != _news(self._said):
            try:
                self._say(nodes, report)
            except StoreGone:
                self.lost()

    def lost(self) -> None:
        """The database has gone: whether the last report arrived, nobody knows."""
        self._mark = None

    def _say(self, nodes: Nodes, report: Report) -> None:
        mark = secrets.token_hex(8)
        other = nodes.report(self._config.node.name, report, mark, self._mark)
        self._mark, self._said = mark, report
        self._say_at = self._ticks() + report.every
        self.standings = Counter(node.standing(self._clock()) for node in nodes.every())
        self._warn_of(other, report.every)

    def _warn_of(self, other: Node | None, every: float) -> None:
        if other is not None:
            self._alone_at = self._ticks() + MISSED * every
            where = f"{other.report.host}, {', '.join(other.report.addresses)}"
            text = f"another node of this database has the name {other.name!r} too ({where}); do: change [node] name"
            self._alarms.set("node-name-taken", text)
        elif self._ticks() >= self._alone_at:
            self._alarms.set("node-name-taken", None)

    def _report(self, every: float, revision: str) -> Report:
        problems = tuple(f"{each.name}: {each.text}" for each in self._alarms)
        report = replace(self._first, every=every, revision=revision, alarms=problems)
        edge = fresh_status(self._edge, self._clock())
        if edge is None:
            silent = "edge-silent: what carries the calls says nothing"
            return replace(report, alarms=(silent, *problems))
        return replace(
            report,
            revision=edge.revision,
            credentials_revision=edge.credentials_revision,
            calls=edge.calls,
            workers=edge.workers,
            slots_free=edge.slots_free,
            ready=edge.ready,
            draining=edge.draining,
            alarms=(*problems, *(f"edge: {each}" for each in edge.credential_problems)),
        )


def _news(report: Report | None) -> Any:
    """Of a report, what others are to know at once."""
    return report and replace(report, calls=0, workers=0, slots_free=0)
