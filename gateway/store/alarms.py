"""What is wrong now: each trouble is said when it begins, when it becomes another one, and when it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gateway import log
from gateway.store.recorder_status import Problem

_log = log.get("recorder")


class Alarms:
    """The troubles of one process by name. `clock`: epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._problems: dict[str, Problem] = {}

    def __iter__(self) -> Iterator[Problem]:
        return iter(tuple(self._problems.values()))

    def set(self, name: str, text: str | None) -> None:
        """This is the trouble of that name now; None if there is none."""
        known = self._problems.get(name)
        if text is None:
            if self._problems.pop(name, None):
                _log.info("recovered", problem=name)
        elif known is None or known.text != text:
            self._problems[name] = Problem(name, text, known.since if known else self._clock())
            _log.error("problem", problem=name, error=text)
