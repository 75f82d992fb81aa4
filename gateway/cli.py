"""Door 4, the shell: the table of its commands, and the one place where a command's end becomes an exit status.

A mistake of the user's is one line on standard error, what is wrong and what to do, and exit status 2. What the
commands do is in `gateway.commands`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from gateway.commands.access import TOKEN, USER
from gateway.commands.acme import ACME
from gateway.commands.command import Mistake, show_examples
from gateway.commands.explain import EXPLAIN
from gateway.commands.kamailio import KAMAILIO
from gateway.commands.node import DOCTOR, RUN
from gateway.commands.nodes import NODE
from gateway.commands.read import INSPECT, LINT, VERSION
from gateway.commands.sign import SIGN
from gateway.commands.store import EXPORT, IMPORT
from gateway.commands.verify import VERIFY

COMMANDS = (
    RUN,
    SIGN,
    VERIFY,
    INSPECT,
    LINT,
    EXPLAIN,
    IMPORT,
    EXPORT,
    USER,
    TOKEN,
    ACME,
    DOCTOR,
    NODE,
    KAMAILIO,
    VERSION,
)

_EXAMPLES = """
  gateway run --lab                                try it: lab certificates and policy in ./state
  gateway doctor                                   what works on this node, what is off and why
  gateway import policy.toml                       put a new policy in force
  gateway explain --source 192.0.2.10 --from 2155550100 --to 12425550123   would this call be let through?
  gateway user add alice --role admin --make-up    who may log in to the console
  gateway token add grafana --permit metrics       what a program shows
  gateway node drain --wait 600                    let this node's calls end before it is worked on
  gateway inspect 'eyJhbGciOi...;info=<https://…>'   read an Identity header
  gateway verify --identity 'eyJhbGciOi...' --orig +12155550100 --dest +12155550123 --anchors roots.pem
  gateway lint chain.pem                           is this certificate as the SHAKEN profile wants it?
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; exit status 0, 1 where the answer is bad news, 2 for a mistake of the user's."""
    asked = _parser().parse_args(arguments)
    try:
        status: int = asked.run(asked)
        sys.stdout.flush()  # here, where a reader that has left is no error
        return status
    except Mistake as mistake:
        print(f"gateway: {mistake}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has seen enough; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # a full disk, a closed standard output
        print(f"gateway: {error.strerror}; do: look at what standard input and output are", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway", description="A STIR/SHAKEN gateway for VOS3000.")
    show_examples(parser, _EXAMPLES)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.describe(commands.add_parser(command.name, help=command.text, description=command.text))
    return parser


if __name__ == "__main__":
    sys.exit(main())
