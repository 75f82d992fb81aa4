"""`gateway node`: which nodes there are and take calls, said at the shell."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config import load
from gateway.doctor import Finding, examine
from gateway.store.database import open_database
from gateway.store.migration import migrate
from gateway.store.nodes import Nodes, Report


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text('[node]\nname = "east"\nstate_dir = "state"\n[sip]\nlisten = ["udp:127.0.0.1:5060"]\n')
    (tmp_path / "state").mkdir()
    return path


@pytest.fixture
def nodes(config: Path) -> Nodes:
    engine = open_database(load(config).database_url)
    migrate(engine)
    return Nodes(engine, time.time)


def report(nodes: Nodes, name: str, *, draining: bool = False, calls: int = 0) -> None:
    said = Report(
        f"machine-of-{name}", "pjsua2", ("udp:192.0.2.10:5060",), "0.1.0", 0.0, 60.0,
        calls=calls, draining=draining, ready=not draining,
    )  # fmt: skip
    nodes.report(name, said, name, None)


def run(config: Path, *words: str) -> int:
    return main(["node", *words, "--config", str(config)])


def doctor(config: Path) -> list[Finding]:
    return [each for each in examine(load(config), time.time()) if each.subject == "node"]


@pytest.mark.parametrize("words", [("drain",), ("drain", "west"), ("serve", "west")])
def test_a_node_that_never_reported_cannot_be_told_anything(
    config: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, *words) == 2
    assert f"there is no node '{words[-1] if len(words) > 1 else 'east'}'; do: " in capsys.readouterr().err


def test_the_node_of_the_configuration_is_meant_where_none_is_named(
    config: Path, nodes: Nodes, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("east", "west"):
        report(nodes, name)
    assert run(config, "drain") == 0
    assert [(each.name, bool(each.wish)) for each in nodes.every()] == [("east", True), ("west", False)]
    assert run(config, "list") == 0
    said = capsys.readouterr().out
    assert "east             serving, drained by " in said
    assert "machine-of-west" in said
    assert run(config, "serve") == 0
    assert nodes.get("east").wish is None
    assert run(config, "list", "--json") == 0
    assert [each["standing"] for each in json.loads(capsys.readouterr().out)] == ["serving", "serving"]


@pytest.mark.parametrize(("calls", "status"), [(1, 1), (0, 0)])
def test_who_waits_for_the_last_call_hears_whether_it_has_ended(
    config: Path, nodes: Nodes, calls: int, status: int
) -> None:
    report(nodes, "west", draining=True, calls=calls)
    assert run(config, "drain", "west", "--wait", "0.1") == status


def test_the_doctor_says_that_a_node_is_drained_and_by_whom(config: Path, nodes: Nodes) -> None:
    report(nodes, "east")
    nodes.drain("east", "user:anna")
    assert [each.state for each in doctor(config) if "drained by user:anna" in each.text] == ["warning"]


def test_the_doctor_finds_a_namesake_before_this_node_starts(config: Path, nodes: Nodes) -> None:
    report(nodes, "east")
    (found,) = doctor(config)
    assert (found.state, "machine-of-east is called 'east' as well" in found.text) == ("problem", True)
