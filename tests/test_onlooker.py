"""An onlooker sees what the recorder and the edge leave, as it is at each look."""

import json
from pathlib import Path

import pytest

from gateway.config import Config, load
from gateway.onlooker import Figures, Onlooker
from gateway.policy.blocks import Block
from gateway.policy.limits import Limits
from gateway.policy.snapshot import PolicyData, compile_snapshot
from gateway.store import blocks_file, snapshot_file
from gateway.store.blocks_file import BlocksFile, Release
from gateway.store.kept import usage_path
from gateway.store.watcher import blocks_path, snapshot_path

OWNER = "account/acme"
FOREVER = Block("access", "192.0.2.7", 100.0, None, "by-hand")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "gateway.toml"
    text = '[node]\nstate_dir = "state"\n[sip]\nlisten = ["udp:127.0.0.1:5060"]\n[geofence]\ncountries = "c.csv"\n'
    path.write_text(text, encoding="utf-8")
    (tmp_path / "c.csv").write_text("network,country\n192.0.2.0/24,DE\n", encoding="utf-8")
    (tmp_path / "state" / "run").mkdir(parents=True)
    return load(path)


def figures(concurrent: object, spent: object = 0) -> Figures:
    return Figures({"owners": {OWNER: {"concurrent": concurrent, "spent": spent}}}, ())


@pytest.mark.parametrize("state", [None, {}, {"owners": []}, {"owners": {OWNER: 3}}, {"owners": {OWNER: {}}}])
def test_figures_that_cannot_be_read_are_none(state: dict[str, object] | None) -> None:
    found = Figures(state, ())
    assert (found.concurrent(OWNER), found.spent(OWNER, 0.0)) == (0, 0)


@pytest.mark.parametrize(
    ("found", "limits", "over"),
    [
        pytest.param(figures(2), Limits(concurrent=2), "concurrent", id="concurrent"),
        pytest.param(figures(1), Limits(concurrent=2), None, id="room-for-one-more"),
        pytest.param(figures(0), Limits(concurrent=0), "concurrent", id="nothing-allowed"),
        pytest.param(figures(0), Limits(cps=0), "cps", id="no-call-a-second"),
        pytest.param(figures(9), Limits(cps=1), None, id="calls-a-second-are-not-known"),
        pytest.param(figures(0, 100), Limits(spend_per_day=100), "spend", id="spend"),
        pytest.param(figures(0, 99), Limits(spend_per_day=100), None, id="money-left"),
        pytest.param(figures(9, 99), Limits(), None, id="no-bound"),
        pytest.param(figures("many"), Limits(concurrent=1), None, id="no-number"),
    ],
)
def test_limits_are_held_against_what_was_counted(found: Figures, limits: Limits, over: str | None) -> None:
    assert found.over(OWNER, limits, 0.0) == over


def test_a_block_counts_until_it_runs_out() -> None:
    block = Block("malicious-call", "12155550100", 100.0, 200.0, "attempts")
    found = Figures(None, [block])
    assert found.blocked("malicious-call", "12155550100", 199.0) == block
    assert found.blocked("malicious-call", "12155550100", 200.0) is None
    assert found.blocked("no-answer", "12155550100", 199.0) is None


def test_a_node_on_which_nothing_ran_yet_has_an_empty_policy(config: Config) -> None:
    node = Onlooker(config)
    node.look()
    assert node.problem == "no policy has been compiled on this node"
    assert node.snapshot().peers.find("192.0.2.7") is None
    assert node.usage().concurrent(OWNER) == 0


def test_a_new_policy_is_seen_at_the_next_look(config: Config) -> None:
    node = Onlooker(config)
    node.look()
    snapshot_file.write(snapshot_path(config.node.state_dir), compile_snapshot(PolicyData(revision="7")))
    assert node.snapshot().revision == "none"
    node.look()
    assert (node.snapshot().revision, node.problem) == ("7", None)


def test_new_figures_are_seen_at_the_next_look(config: Config) -> None:
    node = Onlooker(config)
    state = {"owners": {OWNER: {"concurrent": 3, "spent": 5, "settled": 0}}}
    usage_path(config.node.state_dir).write_text(json.dumps(state), encoding="utf-8")
    node.look()
    assert (node.usage().concurrent(OWNER), node.usage().spent(OWNER, 0.0)) == (3, 5)


def test_blocks_come_and_are_released(config: Config) -> None:
    node, path = Onlooker(config), blocks_path(config.node.state_dir)
    blocks_file.write(path, BlocksFile(blocks=(FOREVER,)))
    node.look()
    assert node.usage().blocked("access", "192.0.2.7", 1e9) == FOREVER
    blocks_file.write(path, BlocksFile(released=(Release("access", "192.0.2.7", 101.0),)))
    node.look()
    assert node.usage().blocked("access", "192.0.2.7", 1e9) is None


def test_what_was_blocked_again_since_its_release_stays(config: Config) -> None:
    node, path = Onlooker(config), blocks_path(config.node.state_dir)
    again = Block("access", "192.0.2.7", 102.0, None, "by-hand")
    blocks_file.write(path, BlocksFile((Release("access", "192.0.2.7", 101.0),), (again,)))
    node.look()
    assert node.usage().blocked("access", "192.0.2.7", 1e9) == again


def test_a_damaged_list_leaves_what_was_known(config: Config) -> None:
    node, path = Onlooker(config), blocks_path(config.node.state_dir)
    blocks_file.write(path, BlocksFile(blocks=(FOREVER,)))
    node.look()
    path.write_text("{", encoding="utf-8")
    node.look()
    assert node.usage().blocked("access", "192.0.2.7", 1e9) == FOREVER


def test_the_country_of_an_address_is_told(config: Config) -> None:
    node = Onlooker(config)
    assert (node.country("192.0.2.7"), node.country("203.0.113.1")) == ("DE", None)
