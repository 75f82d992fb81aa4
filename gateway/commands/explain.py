"""`gateway explain`: what this node would do with a call, check by check, without one being placed."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.commands import given
from gateway.commands.command import Command, Mistake, log_to_stderr

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.explained import Explained

_EXAMPLES = """
  gateway explain --source 192.0.2.10 --from +12155550100 --to +12155550123
  gateway explain --source 192.0.2.10 --from 2155550100 --to 12425550123 --at 2027-01-15T23:30:00+01:00
          numbers as the peer dials them; at another time than now
  gateway explain … --json | jq -r '.checks[] | [.number, .name, .decided] | @tsv'

A carrier's call is explained as one that comes without an Identity header. Limits are held against what the node's edge
counted a few seconds ago; calls a second are not known outside it.

Exit status 0: the call would go on, 1: it would be refused, 2: the command cannot be carried out.
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    given.add_config(parser)
    parser.add_argument("--source", metavar="ADDR", required=True, help="where the call would come from")
    parser.add_argument("--from", metavar="TN", required=True, dest="caller", help="calling number")
    parser.add_argument("--to", metavar="TN", required=True, dest="callee", help="called number")
    parser.add_argument("--at", type=_moment, metavar="TIME", help="ISO 8601 with its zone, default now")
    parser.add_argument("--json", action="store_true", help="for programs")


def _run(asked: argparse.Namespace) -> int:
    log_to_stderr()
    told = _explained(asked, given.config(asked.config))
    if asked.json:
        print(told.model_dump_json(indent=2))
    else:
        from gateway.commands.telling import shown

        print(*map(shown, _table(told)), sep="\n")
    return 0 if told.goes_on else 1


def _explained(asked: argparse.Namespace, config: Config) -> Explained:
    from gateway.credentials.opening import following_of
    from gateway.dry_run import DryRun
    from gateway.explained import stranger
    from gateway.onlooker import Onlooker
    from gateway.origid import new_origid
    from gateway.stir.reasons import Reason
    from gateway.stir.revocation import Revocations
    from gateway.stir.verdict import Verdict

    source = _address(asked.source)
    node = Onlooker(config)
    node.look()
    snapshot, usage = node.snapshot(), node.usage()
    if node.problem:
        raise Mistake(node.problem, "see that the gateway runs here, and import a policy")
    peer = snapshot.peers.find(source)
    if peer is None:
        return stranger(source)
    at = time.time() if asked.at is None else asked.at
    call = DryRun(peer, source, node.country(source), asked.caller, asked.callee, at)
    if peer.role == "carrier":
        return call.inbound(Verdict(Reason.NO_IDENTITY), snapshot, usage)
    credentials = following_of(config, Revocations)
    credentials.changed()
    return call.outbound((), snapshot, credentials.current, usage, new_origid())


def _table(told: Explained) -> Iterator[str]:
    for check in told.checks:
        saw = "; ".join(f"{name}: {_fact(value)}" for name, value in check.saw.items())
        yield f"{check.number:3} {check.name:24} {check.decided}"
        if saw:
            yield f"{'':29}{saw}"
    yield ""
    yield f"{told.outcome}: {', '.join(_outcome(told))}"


def _outcome(told: Explained) -> Iterator[str]:
    yield f"rule {told.rule}"
    if told.code is not None:
        yield f"SIP {told.code}"
    if told.goes_on:
        yield f"attest {told.attest or 'none'} ({told.reason})"
        yield f"route {told.route} to {' then '.join(told.targets)}"


def _fact(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_fact(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_fact, value)) or "none"
    return "none" if value is None else str(value)


def _address(text: str) -> str:
    from gateway.policy.networks import plain_address

    found = plain_address(text)
    if found is None:
        raise Mistake(f"--source {text!r} is no address", "write it like 192.0.2.10 or 2001:db8::1")
    return str(found)


def _moment(text: str) -> float:
    with contextlib.suppress(ValueError, OverflowError):
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.timestamp()
    raise argparse.ArgumentTypeError(f"{text!r} is not a time with its zone, like 2027-01-15T08:00:00Z")


EXPLAIN = Command(
    "explain",
    "Say what this node would do with a call, check by check, without placing it.",
    _run,
    _arguments,
    _EXAMPLES,
)
