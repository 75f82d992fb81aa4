"""Who may import what: the floor plan, held by reading every import statement in `gateway/`.

A rule says which files it covers and which imports it forbids there. Files that do not exist are not there;
imports inside functions count as well, for a hidden one is still one.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

IO = (
    *("asyncio", "dns", "http", "httpx", "select", "selectors", "socket", "socketserver", "ssl", "uvloop"),
    *("fcntl", "glob", "io", "mmap", "os", "pathlib", "shutil", "tempfile", "sys"),
    *("redis", "sqlalchemy", "sqlite3", "urllib.request", "pjsua2", "ctypes"),
    *("time", "random", "secrets", "uuid", "logging", "structlog", "prometheus_client"),
    *("concurrent", "multiprocessing", "queue", "signal", "subprocess", "threading"),
)
"""Modules by which a file would touch the world: network, disk, clock, chance, processes, logs."""

ENGINE_PARTS = ("checking", "decision", "inbound", "number_policy", "outbound")
ACME_PARTS = ("answers", "failure", "jws", "schedule", "spc_token", "steps", "telling")
ENGINE = ("gateway/engine.py", *(f"gateway/{part}.py" for part in ENGINE_PARTS))
PURE = ("gateway/stir/", "gateway/policy/", *ENGINE)
SANS_IO = (
    *PURE,
    "gateway/sip/message.py",
    "gateway/sip/call.py",
    "gateway/sip/address.py",
    "gateway/sip/inbound.py",
    "gateway/kamailio/steps.py",
    "gateway/kamailio/deciding.py",
    "gateway/kamailio/calls.py",
    "gateway/kamailio/books.py",
    "gateway/shared/messages.py",
    "gateway/shared/telling.py",
    "gateway/shared/hearing.py",
    *(f"gateway/acme/{part}.py" for part in ACME_PARTS),
)
DOORS = ("gateway.api", "gateway.sip", "gateway.kamailio")
SIP_TEXT = tuple(
    f"gateway.sip.{part}"
    for part in (
        "address", "answers", "attempt", "inbound", "leg", "message", "outbound", "own_name", "plan", "records", "refusal",
        "values",
    )
)  # fmt: skip
"""What SIP says and how it is written: the part of door 1 that door 3 shares, for one reading of a message is enough."""
_SIP_TEXT_NAMES = tuple(f"{each}." for each in SIP_TEXT)
STORE_DOORS = ("gateway.api",)
"""Doors by which an operator changes what is stored; the others carry calls, and SQL is never on their path."""
ACCESS = "gateway/access/"
BEYOND_ACCESS = (
    "asyncio",
    "fastapi",
    "os",
    "pathlib",
    "secrets",
    "socket",
    "sqlalchemy",
    "time",
    "gateway.api",
    "gateway.store",
)
"""What the rules of access do without: the clock, chance, the network and the database are others'."""
PJSUA2_USERS = frozenset({"gateway/sip/worker.py", "gateway/sip/abilities.py"})


@dataclass(frozen=True, slots=True)
class Module:
    """A file by its path from the root, and the dotted names it imports."""

    path: str
    imports: frozenset[str]

    def uses(self, *packages: str) -> bool:
        """Whether it imports one of the packages, or something inside one."""
        return any(name == each or name.startswith(f"{each}.") for name in self.imports for each in packages)


def module(path: str, source: str) -> Module:
    return Module(path, frozenset(imported(ast.parse(source))))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module if node.level == 0 else f"relative.{node.module}"
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def violations(found: Module) -> Iterator[str]:
    """What one file imports against the rules, each as a sentence."""
    if found.uses("relative"):
        yield "imports are written in full"
    if found.path.startswith(SANS_IO) and found.uses(*IO):
        yield "code that decides touches nothing outside"
    if found.path.startswith(PURE):
        ours = {name for name in found.imports if name.split(".")[0] == "gateway"}
        rooms = ("gateway.stir", "gateway.policy")
        if found.path in ENGINE:
            rooms += tuple(f"gateway.{part}" for part in ENGINE_PARTS)
        if not all(name.startswith(rooms) for name in ours):
            yield "the pure rooms import only each other"
    if found.path.startswith(ACCESS) and found.uses(*BEYOND_ACCESS):
        yield "the rules of access know no clock, no network and no database"
    if found.uses("pjsua2") and found.path not in PJSUA2_USERS:
        yield "pjsua2 stays in the worker"
    for door in DOORS:
        others = [each for each in DOORS if each != door]
        if door not in STORE_DOORS:
            others.append("gateway.store")
        if found.path.startswith(door.replace(".", "/") + "/") and _without_text(found).uses(*others):
            yield "a door of calls knows no store, and no door another; wiring brings them together"


def _without_text(found: Module) -> Module:
    return Module(
        found.path,
        frozenset(name for name in found.imports if not f"{name}.".startswith(_SIP_TEXT_NAMES)),
    )


MODULES = [
    module(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "gateway").rglob("*.py"))
]


@pytest.mark.parametrize("found", MODULES, ids=lambda found: found.path)
def test_module_keeps_the_floor_plan(found: Module) -> None:
    assert list(violations(found)) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        pytest.param("gateway/stir/tn.py", "import time", id="a-clock-in-stir"),
        pytest.param("gateway/stir/tn.py", "from os import path", id="os-in-stir"),
        pytest.param("gateway/policy/areas.py", "import urllib.request as r", id="a-fetch-in-policy"),
        pytest.param("gateway/engine.py", "def f():\n    import random", id="chance-hidden-in-a-function"),
        pytest.param("gateway/engine.py", "if x:\n    import asyncio.events", id="a-part-of-asyncio"),
        pytest.param("gateway/engine.py", "from gateway.store import files", id="a-store-in-the-engine"),
        pytest.param("gateway/inbound.py", "from gateway.sip import address", id="a-door-in-the-engine"),
        pytest.param(
            "gateway/policy/routes.py", "from gateway.decision import Refuse", id="the-engine-in-policy"
        ),
        pytest.param("gateway/stir/tn.py", "from gateway import log", id="the-log-in-stir"),
        pytest.param("gateway/sip/call.py", "import socket", id="a-socket-in-the-call"),
        pytest.param("gateway/sip/edge.py", "import pjsua2", id="pjsua2-in-the-edge"),
        pytest.param("gateway/api/calls.py", "from gateway.sip import edge", id="one-door-in-another"),
        pytest.param("gateway/sip/edge.py", "import gateway.store.files", id="a-store-in-a-door"),
        pytest.param(
            "gateway/kamailio/door.py", "from gateway.sip.edge import Edge", id="the-edge-in-kamailio"
        ),
        pytest.param("gateway/access/login.py", "from time import time", id="a-clock-in-access"),
        pytest.param("gateway/access/users.py", "from gateway.store import access", id="sql-in-access"),
        pytest.param("gateway/sip/edge.py", "from .message import parse", id="a-relative-import"),
    ],
)
def test_a_planted_violation_is_found(path: str, source: str) -> None:
    assert len(list(violations(module(path, source)))) >= 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        pytest.param("gateway/stir/tn.py", "import re\nfrom urllib.parse import unquote", id="text-only"),
        pytest.param("gateway/engine.py", "from gateway.policy.peers import Peer", id="engine-on-policy"),
        pytest.param("gateway/sip/worker.py", "import pjsua2, os", id="pjsua2-in-the-worker"),
        pytest.param("gateway/stir/tn.py", "import timeless", id="a-name-that-only-begins-alike"),
        pytest.param(
            "gateway/kamailio/steps.py", "from gateway.sip.message import parse", id="one-reading-of-sip"
        ),
        pytest.param("gateway/wiring.py", "import gateway.store, gateway.sip.edge", id="wiring-knows-all"),
    ],
)
def test_what_the_rules_allow_is_let_through(path: str, source: str) -> None:
    assert list(violations(module(path, source))) == []
