"""`gateway kamailio`: the files by which Kamailio knows this node, and whether it would start with them."""

from __future__ import annotations

import argparse
import shlex
import sys

from gateway.commands import given
from gateway.commands.command import Command, Mistake, log_to_stderr

_EXAMPLES = """
  gateway kamailio check                           is everything there that `[sip] door = "kamailio"` needs?
  gateway kamailio render --config ./gateway.toml  write kamailio.cfg and what it includes; `gateway run` does it too
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", choices=("check", "render"), help="render: write the files; check: and judge them"
    )
    given.add_config(parser)


def _kamailio(asked: argparse.Namespace) -> int:
    from gateway.kamailio import examination, process, render
    from gateway.store.watcher import Watcher

    log_to_stderr()
    config = given.config(asked.config)
    watcher = Watcher(config.node.state_dir, config.signing.rules, config.verification.inbound)
    watcher.changed()
    try:
        script = render.write_all(config, asked.config, watcher.current)
    except OSError as error:
        raise Mistake(given.os_reason(error), "look at state_dir and at [kamailio] script") from None
    if asked.what == "render":
        print(shlex.join(process.command(config, script)))
        return 0
    found = list(examination.problems(config, script))
    print(*found, sep="\n", file=sys.stderr, end="\n" if found else "")
    if not found:
        print(f"{script}: Kamailio takes it")
    return 1 if found else 0


KAMAILIO = Command(
    "kamailio",
    "Write Kamailio's files for this node, or check whether it would start with them.",
    _kamailio,
    _arguments,
    _EXAMPLES,
)
