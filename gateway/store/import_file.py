"""A file of the operator's goes into the store, whole or not at all.

TOML holds any number of resources, CSV one, or the numbers of one list group.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from gateway.policy.snapshot import PolicyError
from gateway.store import csv_file, toml_file
from gateway.store.ledger import Action
from gateway.store.loading import Loaded
from gateway.store.resources import find_resource, group_of
from gateway.store.store import Store
from gateway.store.written_file import WrittenFile

_LINE = re.compile(r"^line (\d+)")

Progress = Callable[[int], None]


def import_file(
    store: Store,
    path: Path,
    who: str,
    target: str | None = None,
    merge: bool = False,
    progress: Progress = lambda _: None,
) -> Loaded:
    """Put what a file says in place of what there is, or, to merge, beside it.

    target: the resource that a CSV holds, by default the one it is called by, or `list-groups/NAME/numbers`.
    PolicyError with every mistake and its line; OSError if the file cannot be read; NotThere (do name
    the resource), StoreGone.
    """
    if group := group_of(target):
        return _import_numbers(store, path, who, group, merge, progress)
    written = _read(path, target, progress)
    try:
        return store.load(written.document, who, merge)
    except PolicyError as error:
        raise PolicyError(written.told(error)) from None


def _read(path: Path, target: str | None, progress: Progress) -> WrittenFile:
    if target is None and path.suffix != ".csv":
        return toml_file.read(path.read_bytes(), str(path))
    kind = find_resource(target or path.stem)
    with path.open("rb") as file:
        return csv_file.read(file, str(path), kind, progress)


def _import_numbers(
    store: Store, path: Path, who: str, group: str, merge: bool, progress: Progress
) -> Loaded:
    with path.open("rb") as file:
        lines = csv_file.text_lines(file, str(path))
        try:
            changed = store.put_numbers(group, lines, who, "add" if merge else "replace", progress)
        except PolicyError as error:
            raise PolicyError(_LINE.sub(rf"{path}:\1", text) for text in error.errors) from None
    changes: dict[str, dict[Action, int]] = {"numbers": {"changed": changed}} if changed else {}
    return Loaded({"numbers": store.count_numbers(group)}, store.revision(), changes)
