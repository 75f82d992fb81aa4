"""The commands that act on a node, which a configuration file describes: run, doctor."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import given
from gateway.commands.command import Command, Mistake, log_to_stderr

if TYPE_CHECKING:
    from gateway.config import Config

_RUN_EXAMPLES = """
  gateway run                                      with /etc/vos3000-stir-gateway/gateway.toml
  gateway run --config ./gateway.toml
  gateway run --lab                                certificates marked TEST ONLY, addresses in 127.0.0.0/8
"""
_DOCTOR_EXAMPLES = """
  gateway doctor --config state/gateway.toml
  gateway doctor --json | jq '.[] | select(.state == "problem")'
"""


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    given.add_config(parser)
    parser.add_argument("--lab", action="store_true", help="make a lab on this machine and start that")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", default=Path("state"), help="the lab's folder, default ./state"
    )


def _run(asked: argparse.Namespace) -> int:
    path = asked.state / "gateway.toml" if asked.lab else asked.config
    config = _lab_config(asked.state) if asked.lab else given.config(path)
    from gateway import supervisor

    return supervisor.run(config, path)


def _lab_config(state_dir: Path) -> Config:
    from certs.refusal import LabRefused
    from gateway.lab import admin_password_path, prepare
    from gateway.store.errors import StoreGone

    try:
        config = prepare(state_dir, time.time())
    except (OSError, LabRefused, StoreGone) as error:
        raise Mistake(
            f"no lab in {state_dir}: {error}", "name a folder you may write to with --state"
        ) from None
    path = admin_password_path(config.node.state_dir)
    if path.exists():
        print(f"the lab's admin is `admin`, the password lies in {path}", file=sys.stderr)
    return config


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    given.add_config(parser)
    parser.add_argument("--json", action="store_true", help="for programs")


def _doctor(asked: argparse.Namespace) -> int:
    from gateway.doctor import examine

    log_to_stderr()
    findings = examine(given.config(asked.config), time.time())
    if asked.json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{finding.state:8} {finding.subject:8} {finding.text}")
    return 1 if any(finding.state == "problem" for finding in findings) else 0


RUN = Command(
    "run",
    "Start the gateway in the foreground; SIGTERM lets its calls end.",
    _run,
    _run_arguments,
    _RUN_EXAMPLES,
)
DOCTOR = Command(
    "doctor",
    "Say what works on this node, what is off, and why.",
    _doctor,
    _doctor_arguments,
    _DOCTOR_EXAMPLES,
)
