"""A file as it was written: its document, and on which line each entry stands, so that a mistake is told with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.policy.snapshot import PolicyError
from gateway.rim import Complaint
from gateway.store.errors import Refused
from gateway.store.resources import RESOURCES, Resource

Lines = dict[tuple[str | int, ...], int]
"""Line by (resource, index of the entry), or by (table,)."""

_NAMED = re.compile(r"([a-z-]+) (?:'([^']*)'|\"([^\"]*)\")")
_BY_NOUN = {kind.noun: kind for kind in RESOURCES.values()}


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What a file called `name` says."""

    name: str
    document: Mapping[str, Any]
    lines: Mapping[tuple[str | int, ...], int]

    def told(self, error: PolicyError) -> Iterator[str]:
        """What is wrong with it, each mistake with its line where it has one."""
        if isinstance(error, Refused):
            for complaint in error.complaints:
                yield f"{self._place(complaint.path)}: {self._called(complaint)}{complaint}"
            return
        for text in error.errors:
            yield f"{self._place(self._path(text))}: {text}"

    def _place(self, path: tuple[str | int, ...]) -> str:
        line = self.lines.get(path[:2]) or self.lines.get(path[:1])
        return self.name if line is None else f"{self.name}:{line}"

    def _called(self, complaint: Complaint) -> str:
        """The name of the entry complained of, if it has one: people know peers by name, not by index."""
        try:
            entry = self.document[str(complaint.path[0])][complaint.path[1]]
            return f"{entry.get('name') or entry['id']!r} "
        except (LookupError, TypeError, AttributeError):
            return ""

    def _path(self, text: str) -> tuple[str | int, ...]:
        """Which entry a text that begins with a noun and a name speaks of."""
        found = _NAMED.match(text)
        kind = _BY_NOUN.get(found[1]) if found else None
        written = self.document.get(kind.name) if kind else None
        if found is None or kind is None or not isinstance(written, list):
            return ()
        name = found[2] or found[3] or ""
        places = (place for place, entry in enumerate(written) if _is_called(kind, entry, name))
        return next(((kind.name, place) for place in places), ())


def _is_called(kind: Resource, entry: Mapping[str, Any], name: str) -> bool:
    return name in (kind.entry.model_construct(**entry).key, entry.get("original"))
