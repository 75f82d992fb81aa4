"""The policy file: read, checked as a whole, and put in place as one step.

A policy is all or nothing. Its revision is the first twelve digits of the SHA-256 of its bytes, so the same
policy has the same revision on every node.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.policy.snapshot import PolicyData, PolicyError, compile_snapshot
from gateway.rim import Complaint, complaints
from gateway.stir.tn import NumberPlan
from gateway.store.files import replace
from gateway.store.schema import PolicyFile

FILE_NAME = "policy.toml"

_ENTRY = re.compile(r"^[ \t]*\[\[[ \t]*[\"']?([A-Za-z-]+)[\"']?[ \t]*\]\]", re.MULTILINE)


def load(path: Path) -> PolicyData:
    """Read a policy file; raises PolicyError with every mistake, OSError if it cannot be read."""
    return parse(path.read_bytes(), str(path))


def parse(content: bytes, name: str) -> PolicyData:
    """Read a policy from the bytes of the file called `name`; raises PolicyError with every mistake."""
    try:
        text = content.decode()
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError([f"{name}: not TOML: {error}"]) from None
    try:
        written = PolicyFile.model_validate(raw, context={"plan": _plan(raw)})
    except ValidationError as error:
        raise PolicyError(_described(error, raw, text, name)) from None
    return written.value(revision=hashlib.sha256(content).hexdigest()[:12])


def install(source: Path, state_dir: Path) -> PolicyData:
    """Check the file `source` and, if all of it is good, make it the node's policy in one step.

    Raises PolicyError with every mistake, in which case the policy in place stays as it is.
    """
    content = source.read_bytes()
    data = parse(content, str(source))
    compile_snapshot(data)
    state_dir.mkdir(parents=True, exist_ok=True)
    replace(state_dir / FILE_NAME, content)
    return data


def _plan(raw: Mapping[str, Any]) -> NumberPlan:
    """The plan that section numbers are read in; an unknown country is a complaint of its own."""
    try:
        return NumberPlan.of(raw.get("country", "US"))
    except (ValueError, TypeError):
        return NumberPlan.of("US")


def _described(error: ValidationError, raw: Mapping[str, Any], text: str, name: str) -> Iterator[str]:
    lines = _entry_lines(text)
    for complaint in complaints(error, PolicyFile):
        line = lines.get(complaint.path[:2])
        where = name if line is None else f"{name}:{line}"
        yield f"{where}: {_entry_name(complaint, raw)}{complaint}"


def _entry_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """The line each `[[table]]` entry begins on, by table and index."""
    lines: dict[tuple[str | int, ...], int] = {}
    counts: dict[str, int] = {}
    for found in _ENTRY.finditer(text):
        index = counts.get(found[1], 0)
        counts[found[1]] = index + 1
        lines[found[1], index] = text.count("\n", 0, found.start()) + 1
    return lines


def _entry_name(complaint: Complaint, raw: Mapping[str, Any]) -> str:
    """The name of the entry complained of, if it has one: people know peers by name, not by index."""
    try:
        entry = raw[str(complaint.path[0])][complaint.path[1]]
        return f"{entry.get('name') or entry['id']!r} "
    except (LookupError, TypeError, AttributeError):
        return ""
