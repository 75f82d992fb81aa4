"""What a user names on the command line (files, a country, a URL) becomes a type here, or a Mistake that says what to do."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.command import Mistake

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.stir.chain import Anchors
    from gateway.stir.passport import Signer
    from gateway.stir.tn import NumberPlan

DEFAULT_CONFIG = Path("/etc/vos3000-stir-gateway/gateway.toml")


def add_config(parser: argparse.ArgumentParser) -> None:
    """The argument of every command that acts on a node."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=DEFAULT_CONFIG, help="default %(default)s"
    )


def add_country(parser: argparse._ActionsContainer) -> None:
    """The argument of every command that reads numbers."""
    parser.add_argument("--country", default="US", help="whose numbering plan, default %(default)s")


def add_batch(parser: argparse._ActionsContainer) -> None:
    """The arguments of every command that answers lines."""
    parser.add_argument("--batch", choices=["-"], help="read one JSON object a line from standard input")
    parser.add_argument(
        "--jobs", type=_count, metavar="N", default=len(os.sched_getaffinity(0)),
        help="processes that answer a long --batch, default one for each core",
    )  # fmt: skip


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def config(path: Path) -> Config:
    """The configuration of a node."""
    from gateway.config import ConfigError, load

    try:
        return load(path)
    except ConfigError as error:
        print(*error.errors, sep="\n", file=sys.stderr)
        raise Mistake(f"{path} cannot be used", "compare it with deploy/gateway.toml") from None
    except OSError as error:
        raise Mistake(os_reason(error), "name a configuration with --config") from None


def signer(key: Path, x5u: str) -> Signer:
    """Who signs: a private key, and where its certificate is."""
    from gateway.stir.passport import Signer
    from gateway.trust.keys import KeyRefused, load_private_key

    try:
        return Signer(load_private_key(key), x5u)
    except KeyRefused as refused:
        what, _, do = str(refused).partition(": ")
        raise Mistake(f"--key {what}", do) from None
    except ValueError as error:
        raise Mistake(f"--x5u {x5u!r}: {error}", "write it as https://host/path.pem") from None


def plan(country: str) -> NumberPlan:
    """A country's numbering plan."""
    from gateway.stir.tn import NumberPlan

    try:
        return NumberPlan.of(country)
    except ValueError as error:
        raise Mistake(f"--country: {error}", "give its ISO 3166 code, like US or GB") from None


def anchors(paths: Sequence[Path], now: float) -> Anchors:
    """The certificates that are trusted beforehand, in files or folders of files; those that cannot be are told on stderr."""
    from gateway.stir.chain import Anchors
    from gateway.trust.anchors import AnchorsRefused, load

    try:
        loaded = load(paths, now)
    except AnchorsRefused as refused:
        print(*refused.errors, sep="\n", file=sys.stderr)
        raise Mistake(
            "--anchors cannot be used",
            "give PEM files of CA certificates, such as the STI-PA's list of roots",
        ) from None
    for each in loaded.left_out:
        print(f"--anchors {each}", file=sys.stderr)
    return Anchors(loaded.certificates)


def text(option: str, path: Path) -> str:
    """What a file holds; bytes that are no text are kept as marks, for its reader to stumble over."""
    return data(option, path).decode("utf-8", "replace")


def data(option: str, path: Path) -> bytes:
    """What a file holds, or standard input for `-`."""
    try:
        return sys.stdin.buffer.read() if path == Path("-") else path.read_bytes()
    except OSError as error:
        raise Mistake(f"{option} {os_reason(error)}", "check the path and its permissions") from None


def os_reason(error: OSError) -> str:
    """What went wrong with which file."""
    return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
