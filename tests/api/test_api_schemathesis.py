"""Whatever the description allows is answered as the description says, and what it does not allow is refused: tried by
somebody else's program on every operation, against the door as it runs, over a database with something in it.

Bounded in time, and the same in every run. What it finds becomes a small test beside the code it was in.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from policy_api import NOW, open_api
from served import served
from test_api_explain import Node

from gateway.api.app import create_app
from gateway.api.examples import ENTRIES
from gateway.api.sidecar import Sidecar
from gateway.metrics import EdgeStatus
from gateway.stir.tn import NumberPlan
from gateway.store.resources import RESOURCES
from gateway.trust.credential import Credential
from tests.everybody import EVERYBODY

EXAMPLES = 4
"""Of the fuzzing phase, an operation; the others try what stands in the description and each of its bounds."""

PLAN = {"plan": NumberPlan.of("US")}

SETTINGS = """
[cache]
enabled = false

[checks]
# What a policy forbids no schema can: that a peer exists, that sections do not overlap, that a condition holds.
positive_data_acceptance.expected-statuses = ["2xx", "304", "404", "409", "412", "422"]
negative_data_rejection.expected-statuses = ["4xx"]

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


@pytest.fixture
def door(tmp_path: Path, credential: Credential) -> Iterator[str]:
    """A node that is ready, with one entry of each kind."""
    api = open_api(tmp_path)
    for kind in (name for name in RESOURCES if name in ENTRIES):
        api.add(kind, ENTRIES[kind])
    edge = EdgeStatus(at=NOW, ready=True, draining=False, calls=3, workers=4, slots_free=5)
    database = lambda: api.opened  # noqa: E731
    sidecar = Sidecar.of(
        credential, lambda: edge, lambda: NOW, database=database, in_force=Node(), access=EVERYBODY
    )
    with served(create_app(sidecar)) as url:
        yield url
    api.opened.store.engine.dispose()


def test_every_operation_keeps_to_its_description(door: str, tmp_path: Path) -> None:
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS + keys(), encoding="utf-8")
    program = Path(sys.executable).with_name("schemathesis")
    bounds = ["--max-time", "60", "--max-examples", str(EXAMPLES), "--generation-deterministic"]
    command = [program, "--config-file", settings, "run", f"{door}/openapi.json", *bounds]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
