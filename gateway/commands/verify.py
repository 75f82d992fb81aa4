"""`gateway verify`: what a call's Identity headers are worth, for one call or for one call a line."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.commands import given
from gateway.commands.command import Command, Mistake

if TYPE_CHECKING:
    from gateway.stir.reasons import Reason
    from gateway.stir.verify_lines import Fetch, Judge
    from gateway.trust.values import FetchRules

_EXAMPLES = """
  gateway verify --identity "$IDENTITY" --orig +12155550100 --dest +12155550123 --anchors roots/
          fetches the certificate that the header names, as a call would
  gateway verify --identity "$IDENTITY" --orig +12155550100 --dest +12155550123 \\
          --anchors state/pki/root.pem --cert state/pki/616H.pem --crl state/pki/crl.pem \\
          --anchors state/pki/pa-root.pem --now 1767225600
          fetches nothing, and judges at another time than now
  echo '{"identity":["eyJ..."],"orig":"+12155550100","dest":"+12155550123"}' |
      gateway verify --batch - --anchors roots/
          one call a line; "now", "certificates" ({url: PEM}) and "crls" ([PEM]) may be given on it
  gateway verify … --json | jq -r '.headers[] | [.reason, .detail] | @tsv'

Exit status 0: TN-Validation-Passed, 1: any other verdict, 2: the command cannot be carried out. With --batch: 0, and
the verdicts are in the lines.
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    call = parser.add_argument_group("the call")
    call.add_argument("--identity", metavar="VALUE", action="append", help="one for each Identity header")
    call.add_argument("--orig", metavar="TN", help="calling number, as signalled")
    call.add_argument("--dest", metavar="TN", help="called number, as signalled")
    call.add_argument("--now", type=_seconds, metavar="N", help="seconds since 1970, default now")
    given.add_country(call)
    given.add_batch(call)
    trust = parser.add_argument_group("whom to trust")
    trust.add_argument(
        "--anchors", type=Path, metavar="FILE", action="append", required=True,
        help="trusted CA certificates (PEM), a file or a folder; may be repeated",
    )  # fmt: skip
    trust.add_argument("--cert", type=Path, metavar="FILE", help="the chain (PEM), whatever URL is named")
    trust.add_argument(
        "--crl", type=Path, metavar="FILE", action="append", default=[],
        help="revocation lists (PEM); may be repeated",
    )  # fmt: skip
    trust.add_argument("--require-crl", action="store_true", help="refuse what no current list speaks of")
    trust.add_argument("--max-iat-age", type=_seconds, metavar="SECONDS", help="default 60")
    trust.add_argument("--future-skew", type=_seconds, metavar="SECONDS", help="default 10")
    fetch = parser.add_argument_group("fetching certificates")
    fetch.add_argument(
        "--no-fetch", action="store_true", help="a certificate that is not given is unreachable"
    )
    fetch.add_argument("--allow-http", action="store_true", help="http and any port too, for labs")
    fetch.add_argument(
        "--allow-private", action="store_true", help="addresses of no public network too, for labs"
    )
    parser.add_argument("--json", action="store_true", help="the verdict as JSON even on a terminal")


def _run(asked: argparse.Namespace) -> int:
    from gateway.commands.fetching import Certificates

    judge = _judge(asked)
    if asked.batch:
        return _verify_lines(asked, judge)
    with Certificates(_fetch_rules(asked)) as certificates:
        return _verify(asked, judge, _fetch_nothing if asked.no_fetch else certificates.fetch)


def _verify(asked: argparse.Namespace, judge: Judge, fetch: Fetch) -> int:
    missing = [f"--{name}" for name in ("identity", "orig", "dest") if getattr(asked, name) is None]
    if missing:
        raise Mistake(f"{' and '.join(missing)} missing", "give them, or verify many calls with --batch -")
    request = {"identity": asked.identity, "orig": asked.orig, "dest": asked.dest}
    (line,) = judge.verify_lines([json.dumps(request).encode()], _now(asked), fetch)
    answer = json.loads(line)
    if asked.json or not sys.stdout.isatty():
        print(json.dumps(answer, indent=2))
    else:
        from gateway.commands.telling import told

        print(told(answer))
    return 0 if answer["verstat"] == "TN-Validation-Passed" else 1


def _verify_lines(asked: argparse.Namespace, judge: Judge) -> int:
    import gc

    from gateway.commands.fetching import Certificates
    from gateway.pipe import Answer, answer_lines

    def make_answer() -> Answer:
        fetch = _fetch_nothing if asked.no_fetch else Certificates(_fetch_rules(asked)).fetch
        return lambda lines: judge.verify_lines(lines, _now(asked), fetch)

    gc.freeze()
    # A chunk's lines die together; looking for cycles among them costs a tenth of the time.
    gc.set_threshold(100_000)
    with os.fdopen(0, "rb", 0, closefd=False) as source:
        answer_lines(source, sys.stdout.buffer, make_answer, jobs=asked.jobs)
    return 0


def _now(asked: argparse.Namespace) -> float:
    moment: float | None = asked.now
    return time.time() if moment is None else moment


def _judge(asked: argparse.Namespace) -> Judge:
    from gateway.stir.crl import CrlRefused
    from gateway.stir.verification import Rules
    from gateway.stir.verify_lines import Judge, Terms

    chosen = {"max_iat_age": asked.max_iat_age, "future_skew": asked.future_skew}
    rules = Rules(require_crl=asked.require_crl, **{k: v for k, v in chosen.items() if v is not None})
    terms = Terms(
        anchors=given.anchors(asked.anchors, _now(asked)),
        plan=given.plan(asked.country),
        rules=rules,
        certificate=given.text("--cert", asked.cert) if asked.cert else None,
        crls=tuple(given.text("--crl", path) for path in asked.crl),
    )
    try:
        return Judge(terms)
    except CrlRefused as refused:
        raise Mistake(f"--crl: {refused.reason}", "give revocation lists in PEM") from None


def _fetch_rules(asked: argparse.Namespace) -> FetchRules:
    from ipaddress import ip_network

    from gateway.trust.values import FetchRules

    chosen: dict[str, Any] = {}
    if asked.allow_http:
        chosen |= {"allow_http": True, "ports": tuple(range(1, 65536))}
    if asked.allow_private:
        chosen |= {"allow_addresses": (ip_network("0.0.0.0/0"), ip_network("::/0"))}
    return FetchRules(**chosen)


def _fetch_nothing(_urls: Sequence[str]) -> Mapping[str, str | Reason]:
    return {}


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if math.isfinite(number := float(text)):
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")


VERIFY = Command(
    "verify",
    "Judge the Identity headers of a call, or of one call a line, as an incoming call's are judged.",
    _run,
    _arguments,
    _EXAMPLES,
)
