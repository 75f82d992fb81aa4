"""The commands people are told to type exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
PROMISED = {"setup", "run", "demo", "test", "check", "bench", "bench-peer", "lock", "help"}


def commands(path: str) -> set[str]:
    return set(re.findall(r"\bmake ([a-z-]+)\b", (ROOT / path).read_text(encoding="utf-8")))


def test_what_is_promised_is_there() -> None:
    assert PROMISED <= TARGETS


@pytest.mark.parametrize("path", ["README.md", ".ci/run"])
def test_every_make_command_that_is_written_down_works(path: str) -> None:
    assert commands(path)
    assert commands(path) <= TARGETS


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "test" in commands("README.md") & commands(".ci/run")


def test_help_lists_every_target() -> None:
    explained = set(re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, re.MULTILINE))
    assert explained == TARGETS
