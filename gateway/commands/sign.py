"""`gateway sign`: one call, or one call a line, signed without being placed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import given
from gateway.commands.command import Command, Mistake
from gateway.origid import new_origid

if TYPE_CHECKING:
    from gateway.stir.passport import Signer

_EXAMPLES = """
  gateway sign --orig +12155550100 --dest +12155550123 --attest A \\
          --key state/pki/616H.key --x5u https://certificates.example.com/616H.pem
  echo '{"orig":"+12155550100","dest":["+12155550123"],"attest":"A"}' |
      gateway sign --batch - --key state/pki/616H.key --x5u https://certificates.example.com/616H.pem
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--orig", metavar="TN", help="calling number")
    parser.add_argument("--dest", metavar="TN", action="append", help="called number; may be repeated")
    parser.add_argument("--attest", metavar="A|B|C", help="attestation level")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="P-256 private key (PEM)")
    parser.add_argument("--x5u", required=True, metavar="URL", help="where the certificate chain is served")
    parser.add_argument("--iat", type=int, metavar="N", help="seconds since 1970, default now")
    parser.add_argument("--origid", metavar="UUID", help="default a random one")
    given.add_country(parser)
    given.add_batch(parser)


def _run(asked: argparse.Namespace) -> int:
    signer = given.signer(asked.key, asked.x5u)
    return _sign_lines(asked, signer) if asked.batch else _sign(asked, signer)


def _sign(asked: argparse.Namespace, signer: Signer) -> int:
    from gateway.stir.sign_lines import sign_line

    missing = [f"--{name}" for name in ("orig", "dest", "attest") if getattr(asked, name) is None]
    if missing:
        raise Mistake(f"{' and '.join(missing)} missing", "give them, or sign many calls with --batch -")
    request = {"orig": asked.orig, "dest": asked.dest, "attest": asked.attest}
    chosen = {"iat": asked.iat, "origid": asked.origid}
    request |= {name: value for name, value in chosen.items() if value is not None}
    line = json.dumps(request).encode()
    answer = json.loads(sign_line(line, signer, given.plan(asked.country), int(time.time()), new_origid))
    if "error" in answer:
        raise Mistake("--{field}: {reason}".format(**answer["error"]), "see `gateway sign --help`")
    print(answer["identity"])
    return 0


def _sign_lines(asked: argparse.Namespace, signer: Signer) -> int:
    from gateway.pipe import Answer, answer_lines
    from gateway.stir.sign_lines import sign_lines

    plan = given.plan(asked.country)

    def make_answer() -> Answer:
        return lambda lines: sign_lines(lines, signer, plan, int(time.time()), new_origid)

    with os.fdopen(0, "rb", 0, closefd=False) as source:
        answer_lines(source, sys.stdout.buffer, make_answer, jobs=asked.jobs)
    return 0


SIGN = Command("sign", "Sign a call, or one call a line, without placing it.", _run, _arguments, _EXAMPLES)
