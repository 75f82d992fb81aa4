"""What a node installs is a part of what the tests ran with: the same versions, the same files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+).*\n((?:    --hash=.*\n)+)", re.MULTILINE)


def pinned(path: str) -> dict[str, tuple[str, str]]:
    """Each package of a lock file: its version and its hashes."""
    text = (ROOT / path).read_text()
    return {name: (version, hashes) for name, version, hashes in _PINNED.findall(text)}


def normal(requirement: str) -> str:
    """The package's name in a requirement, as lock files write it (PEP 503)."""
    name = re.split(r"[^A-Za-z0-9._-]", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def test_a_node_installs_nothing_that_was_not_tested() -> None:
    tested = pinned("requirements.lock")
    assert {name: tested.get(name) for name in pinned("deploy/requirements.lock")} == pinned(
        "deploy/requirements.lock"
    )


def test_a_node_installs_what_the_project_needs_and_no_tool_of_its_makers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {normal(each) for each in project["dependencies"]}
    tools = {normal(each) for each in project["optional-dependencies"]["dev"]} - {"setuptools"}
    installed = set(pinned("deploy/requirements.lock"))
    assert needed <= installed
    assert not installed & tools
