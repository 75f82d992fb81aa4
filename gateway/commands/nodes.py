"""`gateway node`: the nodes that share this node's database, and which of them take calls. It works on the database, with or
without a gateway that runs; a running one obeys within two seconds."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.commands import given
from gateway.commands.command import Command
from gateway.commands.stored import as_mistake, opened, who

if TYPE_CHECKING:
    from gateway.store.nodes import Node, Nodes

_EXAMPLES = """
  gateway node list
  gateway node drain                  this node: no new calls, those that are up go on
  gateway node drain east --wait 600  and wait until it has no call any more
  gateway node serve east             it takes calls again

Exit status 0: done, 1: after --wait seconds it still has calls, 2: the command cannot be carried out.
"""

_LOOK_SECONDS = 0.5

Action = Callable[[argparse.Namespace, "Nodes", str], int]


def _arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, metavar="list|drain|serve")
    listing = _verb(verbs, "list", "every node", _list)
    listing.add_argument("--json", action="store_true", help="for programs")
    drain = _verb(verbs, "drain", "have a node take no new calls", _drain)
    serve = _verb(verbs, "serve", "have a drained node take calls again", _serve)
    for each in (drain, serve):
        each.add_argument("name", nargs="?", metavar="NAME", help="default: the node of this configuration")
    drain.add_argument(
        "--wait", type=float, metavar="SECONDS", default=0.0, help="until it has no call, default %(default)g"
    )


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], word: str, text: str, action: Action
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(word, help=text, description=text)
    given.add_config(parser)
    parser.set_defaults(action=action)
    return parser


def _run(asked: argparse.Namespace) -> int:
    from gateway.store.errors import NotThere
    from gateway.store.nodes import Nodes

    own = given.config(asked.config).node.name
    action: Action = asked.action
    try:
        with opened(asked.config) as engine:
            return action(asked, Nodes(engine, time.time), own)
    except NotThere as error:
        raise as_mistake(error) from None


def _list(asked: argparse.Namespace, nodes: Nodes, _own: str) -> int:
    now, found = time.time(), nodes.every()
    if asked.json:
        print(json.dumps([asdict(node) | {"standing": node.standing(now)} for node in found], indent=2))
        return 0
    for node in found:
        report = node.report
        wish = f", drained by {node.wish.who}" if node.wish else ""
        seen = f"{datetime.fromtimestamp(node.seen, UTC):%Y-%m-%d %H:%M:%S} UTC"
        print(f"{node.name:16} {node.standing(now)}{wish}")
        print(f"{'':16} {report.calls} calls, room for {report.slots_free} more; seen {seen}")
        print(f"{'':16} {report.host}, {report.door} {report.version}, {' '.join(report.addresses)}")
        for alarm in report.alarms:
            print(f"{'':16} {alarm}")
    return 0


def _drain(asked: argparse.Namespace, nodes: Nodes, own: str) -> int:
    name = asked.name or own
    until = time.time() + asked.wait
    nodes.drain(name, who())
    while not _is_empty(nodes.get(name)) and time.time() < until:
        time.sleep(_LOOK_SECONDS)
    return 1 if asked.wait and not _is_empty(nodes.get(name)) else 0


def _is_empty(node: Node) -> bool:
    """Whether it has no call, and takes none; one that is gone has none."""
    return not node.up(time.time()) or (node.report.draining and not node.report.calls)


def _serve(asked: argparse.Namespace, nodes: Nodes, own: str) -> int:
    nodes.serve(asked.name or own, who())
    return 0


NODE = Command(
    "node", "The nodes that share a database: list, drain, have them serve.", _run, _arguments, _EXAMPLES
)
