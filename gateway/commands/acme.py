"""`gateway acme`: how the certificates that are ordered by ACME stand, and renewal from the shell."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.commands import given
from gateway.commands.command import Command, Mistake, log_to_stderr

if TYPE_CHECKING:
    from gateway.acme.renewals import Renewals
    from gateway.acme.telling import OrderStatus
    from gateway.config import Config

_EXAMPLES = """
  gateway acme status
  gateway acme renew --dry-run        everything up to where a certificate would be issued
  gateway acme renew 616H             order it now, whether it is due or not
  gateway acme renew 616H --anew      give up the order that hangs, and begin another

A running gateway takes a new certificate over by itself. What the STI-CA is not done with after --wait seconds is gone on
with by the gateway, or by the next `gateway acme renew`.

Exit status 0: all is well, 1: an order is failing or the STI-CA is still at work, 2: the command cannot be carried out.
"""

_SOON = 1.0


def _arguments(parser: argparse.ArgumentParser) -> None:
    given.add_config(parser)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="status|renew")
    status = verbs.add_parser("status", help="how every order stands")
    status.add_argument("--json", action="store_true", help="for programs")
    renew = verbs.add_parser("renew", help="order a certificate now")
    renew.add_argument("order", nargs="?", metavar="ORDER", help="its name, default: all of them")
    renew.add_argument("--dry-run", action="store_true", help="stop where a certificate would be issued")
    renew.add_argument("--anew", action="store_true", help="give up the order under way")
    renew.add_argument(
        "--wait", type=float, default=120.0, metavar="SECONDS", help="for the STI-CA, default %(default)g"
    )


def _run(asked: argparse.Namespace) -> int:
    from gateway.acme.failure import AcmeFailed
    from gateway.acme.state import Busy
    from gateway.credentials.manifest_file import ManifestUnreadable
    from gateway.trust.credential import CredentialRefused

    log_to_stderr()
    config = given.config(asked.config)
    if not config.acme.on:
        raise Mistake(
            "this node orders nothing by ACME", "write [acme] in its configuration, see deploy/acme.md"
        )
    try:
        return _status(config, asked) if asked.verb == "status" else asyncio.run(_renew(config, asked))
    except Busy:
        raise Mistake(
            "another process works on the orders", "look at `gateway acme status` in a minute"
        ) from None
    except (AcmeFailed, ManifestUnreadable, CredentialRefused) as error:
        raise Mistake(str(error), "put it right, and try again") from None


def _status(config: Config, asked: argparse.Namespace) -> int:
    found = _renewals(config).statuses()
    if asked.json:
        print(json.dumps([dataclasses.asdict(each) for each in found], indent=2))
    else:
        print(*(line for each in found for line in _told(each)), sep="\n")
    return 1 if any(each.alarm for each in found) else 0


async def _renew(config: Config, asked: argparse.Namespace) -> int:
    from gateway.acme.renewals import Wish

    renewals = _renewals(config)
    names = [each.called for each in config.acme.orders if asked.order in (None, each.called)]
    if not names:
        known = ", ".join(each.called for each in config.acme.orders)
        raise Mistake(f"there is no order {asked.order!r}", f"name one of: {known}")
    for name in names:
        renewals.ask(name, Wish(asked.dry_run, asked.anew))
    await renewals.work()
    until = time.time() + asked.wait
    while (wait := _wait(renewals, names)) and time.time() + wait < until:
        await asyncio.sleep(wait)
        await renewals.work()
    return _answer(renewals, names, dry_run=asked.dry_run)


def _wait(renewals: Renewals, names: list[str]) -> float:
    """Seconds until the STI-CA wants to be looked at again; 0 where it is at work on none of these."""
    waits = [
        each.next_attempt - time.time()
        for each in renewals.statuses()
        if each.name in names and each.standing == "waiting"
    ]
    return max(min(waits), _SOON) if waits else 0.0


def _answer(renewals: Renewals, names: list[str], *, dry_run: bool) -> int:
    found = [each for each in renewals.statuses() if each.name in names]
    if dry_run:
        bad = [each for each in found if each.rehearsal is None or each.rehearsal.trouble]
        print(*map(_rehearsed, found), sep="\n")
    else:
        bad = [each for each in found if each.standing != "good"]
        print(*(line for each in found for line in _told(each)), sep="\n")
    return 1 if bad else 0


def _rehearsed(status: OrderStatus) -> str:
    trouble = status.rehearsal.trouble if status.rehearsal else None
    if trouble:
        return f"{status.name:16} would fail: {trouble.text} ({trouble.reason})"
    return f"{status.name:16} a certificate would be issued"


def _told(status: OrderStatus) -> Iterator[str]:
    signs = status.account or "every account without one of its own"
    yield f"{status.name:16} {status.standing:8} SPC {status.spc}, for {signs}"
    if status.held:
        end = _date(status.held.not_after)
        yield f"{'':16} {status.held.name} until {end}, {status.days_left} left"
    else:
        yield f"{'':16} no certificate"
    if status.standing == "good" and status.renewal_at is not None:
        yield f"{'':16} to be renewed on {_date(status.renewal_at)}"
    if status.trouble:
        yield f"{'':16} failed {status.failures} times: {status.trouble.text} ({status.trouble.reason})"
    if status.standing in ("failing", "waiting"):
        yield f"{'':16} next attempt {_date(status.next_attempt)}"
    if status.rehearsal:
        trouble = status.rehearsal.trouble
        yield f"{'':16} dry run of {_date(status.rehearsal.at)}: {trouble.text if trouble else 'went well'}"


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _renewals(config: Config) -> Renewals:
    from gateway.acme.opening import renewals_of
    from gateway.credentials.configured import signing_credential
    from gateway.credentials.opening import custodian_of
    from gateway.credentials.outside import Outside
    from gateway.sti_vs import trust_of

    configured = signing_credential(config.signing).credential
    custodian = custodian_of(config, trust_of(config, time.time), time.time, configured)
    return renewals_of(config, custodian, configured, Outside(config.fetch.rules))


ACME = Command(
    "acme",
    "See how the certificates stand that are ordered by ACME, or renew them.",
    _run,
    _arguments,
    _EXAMPLES,
)
