"""The commands that move the policy between files and the store: import, export."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gateway.commands import given
from gateway.commands.command import Command, Mistake
from gateway.commands.stored import as_mistake, opened, who

if TYPE_CHECKING:
    from gateway.store.loading import Loaded
    from gateway.store.store import Store

_IMPORT_EXAMPLES = """
  gateway import policy.toml                       all of it, or, if anything is wrong with it, nothing
  gateway import customers.toml --merge            keep the entries that it does not name
  gateway import number-sections.csv               the resource is the file's name, or --as says it
  gateway import scam.csv --as list-groups/scam/numbers
"""
_EXPORT_EXAMPLES = """
  gateway export policy.toml                       everything, to be imported again
  gateway export --as peers                        one resource, to standard output
  gateway export sections.csv --as number-sections
  gateway export scam.csv --as list-groups/scam/numbers
"""
_PROGRESS_LINES = 100_000


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    given.add_config(parser)
    parser.add_argument("file", type=Path, metavar="FILE", help="TOML or CSV, see deploy/lab-policy.toml")
    parser.add_argument(
        "--as", dest="target", metavar="RESOURCE", help="what a CSV holds, default: what it is called"
    )
    parser.add_argument("--merge", action="store_true", help="add and change, take nothing away")


def _import(asked: argparse.Namespace) -> int:
    from gateway.policy.snapshot import PolicyError
    from gateway.store.errors import NotThere
    from gateway.store.import_file import import_file

    try:
        with _store(asked.config) as store:
            loaded = import_file(store, asked.file, who(), asked.target, asked.merge, _progress)
    except PolicyError as error:
        print(*error.errors, sep="\n", file=sys.stderr)
        count = "one mistake" if len(error.errors) == 1 else f"{len(error.errors)} mistakes"
        raise Mistake(
            f"{asked.file} has {count}, the policy in force stays",
            "correct them, import again",
        ) from None
    except NotThere as error:
        raise as_mistake(error) from None
    except OSError as error:
        raise Mistake(given.os_reason(error), "check the path and its permissions") from None
    print(_told(loaded))
    return 0


def _told(loaded: Loaded) -> str:
    counts = _listed(loaded.counts) or "nothing"
    changes = (f"{name}: {_listed(made)}" for name, made in loaded.changes.items())
    changed = "; ".join(changes) or "nothing"
    return (
        f"revision {loaded.revision}: {counts} (changed: {changed}); "
        "a running gateway takes it over within 2 seconds"
    )


def _listed(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {noun}" for noun, count in counts.items())


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    given.add_config(parser)
    parser.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help="TOML or CSV, default: standard output"
    )
    parser.add_argument("--as", dest="target", metavar="RESOURCE", help="one resource, default: all of them")
    parser.add_argument("--format", choices=["toml", "csv"], help="default: as FILE is called, else toml")


def _export(asked: argparse.Namespace) -> int:
    from gateway.store.database import reading
    from gateway.store.errors import NotThere
    from gateway.store.export_file import exported

    form: Literal["toml", "csv"] = asked.format or (
        "csv" if asked.file and asked.file.suffix == ".csv" else "toml"
    )
    target = asked.target or (asked.file.stem if asked.file and form == "csv" else None)
    try:
        with _store(asked.config) as store, reading(store.engine) as connection:
            _write(asked.file, exported(connection, target, form))
    except NotThere as error:
        raise as_mistake(error) from None
    except OSError as error:
        if asked.file is None:
            raise
        raise Mistake(given.os_reason(error), "check the path, its permissions and the room there") from None
    return 0


def _write(file: Path | None, lines: Iterator[str]) -> None:
    """Into a file that only its owner may read, for it holds telephone numbers; or to standard output, a pipe, a device."""
    from gateway.store.files import replace

    if file is None:
        for line in lines:
            print(line)
    elif file.is_file() or not file.exists():
        replace(file.resolve(), "".join(f"{line}\n" for line in lines).encode())
    else:
        with file.open("w") as given_file:
            given_file.writelines(f"{line}\n" for line in lines)


@contextmanager
def _store(config: Path) -> Iterator[Store]:
    """The node's store."""
    from gateway.store.store import Store

    with opened(config) as engine:
        yield Store(engine, time.time)


def _progress(lines: int) -> None:
    if not lines % _PROGRESS_LINES:
        print(f"{lines:,} lines ...", file=sys.stderr)


IMPORT = Command(
    "import",
    "Check a file of policy and put it in force, whole or not at all.",
    _import,
    _import_arguments,
    _IMPORT_EXAMPLES,
)
EXPORT = Command(
    "export",
    "Write the policy to a file that can be imported again.",
    _export,
    _export_arguments,
    _EXPORT_EXAMPLES,
)
