"""Whatever the description allows is answered as the description says, and what it does not allow is refused: tried by
somebody else's program on every operation, against the door as it runs, over a database with something in it.

The same requests in every run. What it finds becomes a small test beside the code it was in.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from policy_api import NOW, open_api
from served import served
from test_api_explain import Node

from gateway.access.permissions import Permission
from gateway.access.tokens import make_token
from gateway.api.app import create_app
from gateway.api.examples import ENTRIES
from gateway.api.letting_in import let_in
from gateway.api.sidecar import Sidecar
from gateway.config import load
from gateway.credentials.following import Following
from gateway.metrics import EdgeStatus
from gateway.roster import Roster, roster_path
from gateway.stir.revocation import Revocations
from gateway.stir.tn import NumberPlan
from gateway.store.nodes import Report
from gateway.store.resources import RESOURCES
from gateway.trust.credential import Credential
from tests.custody import Custody

PHASES = "examples,coverage,fuzzing,stateful"
"""The examples of the description; each bound of a value met and missed; anything; what one answer leads to."""

EXAMPLES = 4
"""Of the last two, an operation. There is no bound on time: what is tried would depend on how quick the machine is."""

PLAN = {"plan": NumberPlan.of("US")}

HOOKS = """
import schemathesis

schemathesis.serializer.alias("application/pem-certificate-chain", "application/octet-stream")
"""
"""PEM is bytes to it."""

SETTINGS = """
hooks = "hooks.py"
request-timeout = 60.0

[cache]
enabled = false

[checks]
# What a policy forbids no schema can: that a peer exists, that sections do not overlap, that a condition holds.
positive_data_acceptance.expected-statuses = ["2xx", "304", "404", "409", "412", "422"]
negative_data_rejection.expected-statuses = ["4xx"]

[[operations]]
# A token has no password and no second factor, and no schema knows a password.
include-path-regex = '^/v1/(login|me/)'
checks.positive_data_acceptance.enabled = false

[[operations]]
# No schema knows the numbers of a country, a place in a list, or when a certificate is valid: those are 400.
include-path-regex = '^/stir/v1/|^/v1/(calls|calls[.]csv|dynamic-blacklist|number-sections|traceback|.*/numbers)$'
checks.positive_data_acceptance.enabled = false
"""


def keys() -> str:
    """Settings that name the entries that are there, so that not every address is empty."""
    found = (
        (name, RESOURCES[name].entry.model_validate(entry, context=PLAN).key)
        for name, entry in ENTRIES.items()
    )
    return "".join(
        f'[[operations]]\ninclude-path = "/v1/{name}/{{key}}"\nparameters.key = "{key}"\n'
        for name, key in found
    )


CONFIG = """
[node]
state_dir = "."
[sip]
listen = ["udp:127.0.0.1:5060"]
[access]
rate = 0
stir_rate = 0
stranger_rate = 0
"""


@dataclass(frozen=True)
class Door:
    """Where the node is, and the token of somebody who may do everything."""

    url: str
    token: str


@pytest.fixture
def door(tmp_path: Path, credential: Credential) -> Iterator[Door]:
    """A node that is ready, with one entry of each kind, that keeps keys and lets in who is known."""
    api, custody = open_api(tmp_path), Custody(tmp_path / "credentials", configured=credential)
    for kind in (name for name in RESOURCES if name in ENTRIES):
        api.add(kind, ENTRIES[kind])
    api.opened.nodes.report("east", Report("here", "pjsua2", (), "0.1.0", NOW, 2.0), "a", None)
    text, token = make_token("tester", frozenset(Permission), bytes(32), "test", NOW, NOW + 86_400)
    api.opened.access.add_token(token, "test")
    edge = EdgeStatus(at=NOW, ready=True, draining=False, calls=3, workers=4, slots_free=5)
    following = Following(custody.means.file, custody.keyring, credential, lambda: Revocations())
    following.changed()
    sidecar = Sidecar(
        following,
        edge=lambda: edge,
        now=lambda: NOW,
        database=lambda: api.opened,
        in_force=Node(),
        custodian=custody.custodian,
    )
    (tmp_path / "gateway.toml").write_text(CONFIG, encoding="utf-8")
    roster = Roster(roster_path(tmp_path), lambda: api.opened.access)
    roster.look()
    known = let_in(sidecar, load(tmp_path / "gateway.toml"), Node(), roster)
    with served(create_app(known)) as url:
        yield Door(url, text)
    api.opened.store.engine.dispose()


def test_every_operation_keeps_to_its_description(door: Door, tmp_path: Path) -> None:
    settings = tmp_path / "schemathesis.toml"
    (tmp_path / "hooks.py").write_text(HOOKS, encoding="utf-8")
    settings.write_text(SETTINGS + keys(), encoding="utf-8")
    program = Path(sys.executable).with_name("schemathesis")
    bounds = ["--phases", PHASES, "--max-examples", str(EXAMPLES), "--generation-deterministic"]
    shown = ["--header", f"Authorization: Bearer {door.token}"]
    command = [program, "--config-file", settings, "run", f"{door.url}/openapi.json", *bounds, *shown]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
