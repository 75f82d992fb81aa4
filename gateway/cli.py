"""Door 4, the shell: a table of commands and one thin function each; what they do is done elsewhere.

A mistake of the user's is one line on standard error, what is wrong and what to do, and exit status 2.
Each command imports what it needs when it runs, so that `gateway sign` starts without a web framework.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.origid import new_origid

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.stir.passport import Signer
    from gateway.stir.tn import NumberPlan

DEFAULT_CONFIG = Path("/etc/vos3000-stir-gateway/gateway.toml")

_EXAMPLES = {
    "": """
  gateway run --lab                                try it: lab certificates and policy in ./state
  gateway doctor                                   what works on this node, what is off and why
  gateway import policy.toml                       put a new policy in force
  gateway inspect 'eyJhbGciOi...;info=<https://…>'   read an Identity header
""",
    "run": """
  gateway run                                      with /etc/vos3000-stir-gateway/gateway.toml
  gateway run --config ./gateway.toml
  gateway run --lab                                certificates marked TEST ONLY, addresses in 127.0.0.0/8
""",
    "sign": """
  gateway sign --orig +12155550100 --dest +12155550123 --attest A \\
          --key state/pki/616H.key --x5u https://certificates.example.com/616H.pem
  echo '{"orig":"+12155550100","dest":["+12155550123"],"attest":"A"}' |
      gateway sign --batch - --key state/pki/616H.key --x5u https://certificates.example.com/616H.pem
""",
    "inspect": """
  gateway inspect 'Identity: eyJhbGciOi...;info=<https://example.com/616H.pem>;alg=ES256;ppt=shaken'
  gateway sign … | xargs -0 gateway inspect
""",
    "import": """
  gateway import policy.toml                       all of it, or, if anything is wrong with it, nothing
  gateway import policy.toml --config state/gateway.toml
""",
    "doctor": """
  gateway doctor --config state/gateway.toml
  gateway doctor --json | jq '.[] | select(.state == "problem")'
""",
    "version": "",
}


class Mistake(Exception):
    """Something only the user can put right: what is wrong, and what to do about it."""

    def __init__(self, what: object, do: str) -> None:
        super().__init__(f"{what}; do: {do}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; exit status 0, 1 where the answer is bad news, 2 for a mistake of the user's."""
    asked = _parser().parse_args(arguments)
    try:
        status: int = asked.command(asked)
        sys.stdout.flush()  # here, where a reader that has left is no error
        return status
    except Mistake as mistake:
        print(f"gateway: {mistake}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has seen enough; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _run(asked: argparse.Namespace) -> int:
    config = _lab_config(asked.state) if asked.lab else _config(asked.config)
    from gateway import supervisor

    return supervisor.run(config)


def _sign(asked: argparse.Namespace) -> int:
    signer = _signer(asked.key, asked.x5u)
    if asked.batch:
        return _sign_batch(asked, signer)
    from gateway.stir import batch

    missing = [f"--{name}" for name in ("orig", "dest", "attest") if getattr(asked, name) is None]
    if missing:
        raise Mistake(f"{' and '.join(missing)} missing", "give them, or sign many calls with --batch -")
    request = {"orig": asked.orig, "dest": asked.dest, "attest": asked.attest}
    chosen = {"iat": asked.iat, "origid": asked.origid}
    request |= {name: value for name, value in chosen.items() if value is not None}
    line = json.dumps(request).encode()
    answer = json.loads(batch.sign_line(line, signer, _plan(asked.country), int(time.time()), new_origid))
    if "error" in answer:
        raise Mistake("--{field}: {reason}".format(**answer["error"]), "see `gateway sign --help`")
    print(answer["identity"])
    return 0


def _sign_batch(asked: argparse.Namespace, signer: Signer) -> int:
    from gateway.pipe import answer_lines
    from gateway.stir.batch import sign_lines

    plan = _plan(asked.country)
    with open(sys.stdin.fileno(), "rb", closefd=False) as source:
        answer_lines(
            source,
            sys.stdout.buffer,
            lambda lines: sign_lines(lines, signer, plan, int(time.time()), new_origid),
        )
    return 0


def _inspect(asked: argparse.Namespace) -> int:
    from gateway.inspection import inspect

    found = inspect(asked.value)
    print(json.dumps(dataclasses.asdict(found), indent=2, ensure_ascii=False))
    return 0 if found.claims is not None else 1


def _import(asked: argparse.Namespace) -> int:
    from gateway.doctor import summary
    from gateway.policy.snapshot import PolicyError
    from gateway.store.policy_file import install

    config = _config(asked.config)
    try:
        data = install(asked.file, config.node.state_dir)
    except PolicyError as error:
        print(*error.errors, sep="\n", file=sys.stderr)
        raise Mistake(
            f"{asked.file} has {len(error.errors)} mistakes, the policy in force stays",
            "correct them, import again",
        ) from None
    except OSError as error:
        raise Mistake(_os_reason(error), "check the path and its permissions") from None
    print(f"revision {data.revision}: {summary(data)}; a running gateway takes it over within 2 seconds")
    return 0


def _doctor(asked: argparse.Namespace) -> int:
    from gateway.doctor import examine

    findings = examine(_config(asked.config), time.time())
    if asked.json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{finding.state:8} {finding.subject:8} {finding.text}")
    return 1 if any(finding.state == "problem" for finding in findings) else 0


def _version(_asked: argparse.Namespace) -> int:
    from gateway.version import version

    print(version())
    return 0


def _config(path: Path) -> Config:
    from gateway.config import ConfigError, load

    try:
        return load(path)
    except ConfigError as error:
        print(*error.errors, sep="\n", file=sys.stderr)
        raise Mistake(f"{path} cannot be used", "compare it with deploy/gateway.toml") from None
    except OSError as error:
        raise Mistake(_os_reason(error), "name a configuration with --config") from None


def _lab_config(state_dir: Path) -> Config:
    from certs.refusal import LabRefused
    from gateway.lab import prepare

    try:
        return prepare(state_dir, time.time())
    except (OSError, LabRefused) as error:
        raise Mistake(
            f"no lab in {state_dir}: {error}", "name a folder you may write to with --state"
        ) from None


def _signer(key: Path, x5u: str) -> Signer:
    from gateway.stir.passport import Signer
    from gateway.trust.keys import KeyRefused, load_private_key

    try:
        return Signer(load_private_key(key), x5u)
    except KeyRefused as refused:
        what, _, do = str(refused).partition(": ")
        raise Mistake(f"--key {what}", do) from None
    except ValueError as error:
        raise Mistake(f"--x5u {x5u!r}: {error}", "write it as https://host/path.pem") from None


def _plan(country: str) -> NumberPlan:
    from gateway.stir.tn import NumberPlan

    try:
        return NumberPlan.of(country)
    except ValueError as error:
        raise Mistake(f"--country: {error}", "give its ISO 3166 code, like US or GB") from None


def _os_reason(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}"


def _parser() -> argparse.ArgumentParser:
    parser = _described(
        argparse.ArgumentParser(prog="gateway", description="A STIR/SHAKEN gateway for VOS3000."), ""
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: object, help_text: str) -> argparse.ArgumentParser:
        made = _described(commands.add_parser(name, help=help_text, description=help_text), name)
        made.set_defaults(command=function)
        return made

    def configured(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made.add_argument(
            "--config", type=Path, metavar="FILE", default=DEFAULT_CONFIG, help="default %(default)s"
        )
        return made

    run = configured(command("run", _run, "Start the gateway in the foreground; SIGTERM lets its calls end."))
    run.add_argument("--lab", action="store_true", help="make a lab on this machine and start that")
    run.add_argument(
        "--state", type=Path, metavar="DIR", default=Path("state"), help="the lab's folder, default ./state"
    )

    sign = command("sign", _sign, "Sign a call, or one call a line, without placing it.")
    sign.add_argument("--orig", metavar="TN", help="calling number")
    sign.add_argument("--dest", metavar="TN", action="append", help="called number; may be repeated")
    sign.add_argument("--attest", metavar="A|B|C", help="attestation level")
    sign.add_argument("--key", type=Path, required=True, metavar="FILE", help="P-256 private key (PEM)")
    sign.add_argument("--x5u", required=True, metavar="URL", help="where the certificate chain is served")
    sign.add_argument("--iat", type=int, metavar="N", help="seconds since 1970, default now")
    sign.add_argument("--origid", metavar="UUID", help="default a random one")
    sign.add_argument("--country", default="US", help="whose numbering plan, default %(default)s")
    sign.add_argument("--batch", choices=["-"], help="read one JSON object a line from standard input")

    inspect = command(
        "inspect", _inspect, "Say what an Identity header holds and what is odd about it; no key."
    )
    inspect.add_argument("value", metavar="VALUE", help="header, header value, or token")

    policy = configured(
        command("import", _import, "Check a policy file and put it in force, whole or not at all.")
    )
    policy.add_argument("file", type=Path, metavar="FILE", help="TOML, see deploy/lab-policy.toml")

    doctor = configured(command("doctor", _doctor, "Say what works on this node, what is off, and why."))
    doctor.add_argument("--json", action="store_true", help="for programs")

    command("version", _version, "Print the release.")
    return parser


def _described(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    examples = _EXAMPLES[name]
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"examples:{examples}" if examples else None
    return parser


if __name__ == "__main__":
    sys.exit(main())
