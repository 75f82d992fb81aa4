"""The commands that only read: an Identity header, a certificate file, the release."""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import given
from gateway.commands.command import Command, Mistake, nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.stir.lint import Report, Result

_INSPECT_EXAMPLES = """
  gateway inspect 'Identity: eyJhbGciOi...;info=<https://example.com/616H.pem>;alg=ES256;ppt=shaken'
  gateway sign … | xargs -0 gateway inspect
"""
_LINT_EXAMPLES = """
  gateway lint state/pki/616H.pem                  the chain as you serve it: the leaf, then its intermediates
  gateway lint root.pem                            a root or an intermediate by itself
  curl -s https://certificates.example.com/616H.pem | gateway lint -
  gateway lint chain.pem --json | jq '.certificates[].results[] | select(.outcome == "fail")'

Each certificate is held to the version of ATIS-1000080 in force when it was issued: what became wrong later is a
warning. Exit status 0: nothing fails, 1: something does, 2: the file cannot be read.
"""

_MARKS = {"pass": "pass", "warn": "WARN", "fail": "FAIL", "not-applicable": "-"}


def _inspect_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("value", metavar="VALUE", help="header, header value, or token")


def _inspect(asked: argparse.Namespace) -> int:
    from gateway.inspection import inspect

    found = inspect(asked.value)
    print(json.dumps(dataclasses.asdict(found), indent=2, ensure_ascii=False))
    return 0 if found.claims is not None else 1


def _lint_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="certificates (PEM), - for standard input")
    parser.add_argument("--json", action="store_true", help="for programs")


def _lint(asked: argparse.Namespace) -> int:
    from cryptography import x509

    from gateway.stir.certificate import UNPARSABLE
    from gateway.stir.lint import lint

    try:
        certificates = x509.load_pem_x509_certificates(given.data("FILE", asked.file))
    except UNPARSABLE as error:
        raise Mistake(
            f"{asked.file} is no PEM certificate: {error}",
            "give the file that is served, or convert it with `openssl x509 -inform DER`",
        ) from None
    report = lint(certificates, datetime.fromtimestamp(time.time(), UTC))
    print(_as_json(report) if asked.json else "\n".join(_as_table(report)))
    return 1 if report.count("fail") else 0


def _as_json(report: Report) -> str:
    counted = {"failures": report.count("fail"), "warnings": report.count("warn")}
    return json.dumps(counted | dataclasses.asdict(report), indent=2)


def _as_table(report: Report) -> Iterator[str]:
    for place, sheet in enumerate(report.certificates, start=1):
        yield f"certificate {place}, {sheet.role}: {sheet.subject}"
        yield from _rows(sheet.results)
    yield "all together"
    yield from _rows(report.chain)
    yield f"{report.count('fail')} failures, {report.count('warn')} warnings"


def _rows(results: tuple[Result, ...]) -> Iterator[str]:
    for each in results:
        yield f"  {_MARKS[each.outcome]:5} {each.rule:25} {each.found}  [{each.clause}]"
    yield ""


def _version(_asked: argparse.Namespace) -> int:
    from gateway.version import version

    print(version())
    return 0


INSPECT = Command(
    "inspect",
    "Say what an Identity header holds and what is odd about it; no key.",
    _inspect,
    _inspect_arguments,
    _INSPECT_EXAMPLES,
)
LINT = Command(
    "lint",
    "Hold certificates to the SHAKEN profile (ATIS-1000080), rule by rule.",
    _lint,
    _lint_arguments,
    _LINT_EXAMPLES,
)
VERSION = Command("version", "Print the release.", _version, nothing)
