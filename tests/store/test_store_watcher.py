"""A process takes over a good snapshot once, and keeps the last good one whatever happens to the file."""

from pathlib import Path

import pytest

from gateway.policy.accounts import Account
from gateway.policy.blocks import Block
from gateway.policy.inbound import InboundRules
from gateway.policy.peers import Peer
from gateway.policy.snapshot import PolicyData, SigningRules, compile_snapshot
from gateway.stir.tn import NumberPlan
from gateway.store import blocks_file, snapshot_file
from gateway.store.blocks_file import BlocksFile, Release
from gateway.store.files import replace
from gateway.store.watcher import Watcher, blocks_path, snapshot_path

CARRIER = Peer("carrier", "carrier", NumberPlan.of("US"))


def publish(state: Path, *accounts: str) -> None:
    data = PolicyData(tuple(Account(each, each.title()) for each in accounts), peers=(CARRIER,))
    snapshot_file.write(snapshot_path(state), compile_snapshot(data))


def watcher(state: Path) -> Watcher:
    return Watcher(state, SigningRules("refuse"), InboundRules("reject", require_identity=True))


def test_without_a_file_there_is_an_empty_policy_and_a_problem(tmp_path: Path) -> None:
    following = watcher(tmp_path)
    assert following.changed() is None
    assert dict(following.current.accounts) == {}
    assert following.problem is not None


def test_a_change_is_reported_once(tmp_path: Path) -> None:
    following = watcher(tmp_path)
    publish(tmp_path, "one")
    first = following.changed()
    assert first is not None
    assert set(first.accounts) == {"one"}
    assert following.changed() is None
    publish(tmp_path, "two")
    second = following.changed()
    assert second is not None
    assert set(second.accounts) == {"two"}
    assert following.current is second


def test_a_new_process_starts_with_the_last_snapshot(tmp_path: Path) -> None:
    publish(tmp_path, "one")
    assert watcher(tmp_path).changed() is not None


def test_the_node_s_own_rules_hold_whatever_the_snapshot_was_compiled_with(tmp_path: Path) -> None:
    publish(tmp_path, "one")
    following = watcher(tmp_path)
    following.changed()
    assert following.current.signing.unmatched == "refuse"
    assert following.current.treatments["carrier"].require_identity
    assert following.current.treatments["carrier"].actions["stale"] == "reject"


@pytest.mark.parametrize("broken", [b"", b"anything else", None], ids=["empty", "other", "gone"])
def test_the_last_good_policy_stays(tmp_path: Path, broken: bytes | None) -> None:
    following = watcher(tmp_path)
    publish(tmp_path, "one")
    good = following.changed()
    if broken is None:
        snapshot_path(tmp_path).unlink()
    else:
        replace(snapshot_path(tmp_path), broken)
    assert following.changed() is None
    assert following.current is good
    assert following.problem
    publish(tmp_path, "two")
    assert following.changed() is not None
    assert following.problem is None


SPAM = Block("malicious-call", "12155550100", 100.0, 3700.0, "attempts")
SCAN = Block("access", "192.0.2.66", 200.0, None, "by-hand")
LET_IN = Release("no-answer", "12155550101", 150.0)


def test_only_what_is_new_on_the_black_list_is_told(tmp_path: Path) -> None:
    following = watcher(tmp_path)
    assert following.blocks_changed() is None
    blocks_file.write(blocks_path(tmp_path), BlocksFile((), (SPAM,)))
    assert following.blocks_changed() == BlocksFile((), (SPAM,))
    assert following.blocks_changed() is None
    blocks_file.write(blocks_path(tmp_path), BlocksFile((LET_IN,), (SPAM, SCAN)))
    assert following.blocks_changed() == BlocksFile((LET_IN,), (SCAN,))
    blocks_file.write(blocks_path(tmp_path), BlocksFile((LET_IN,), (SCAN,)))
    assert following.blocks_changed() is None


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b'{"blocks": [{}]}',
        b'{"blocks": [{"type": "other", "subject": "1", "since": 1, "why": ""}]}',
    ],
    ids=["empty", "list", "fields", "type"],
)
def test_a_damaged_black_list_changes_nothing(tmp_path: Path, broken: bytes) -> None:
    following = watcher(tmp_path)
    blocks_file.write(blocks_path(tmp_path), BlocksFile((), (SPAM,)))
    following.blocks_changed()
    replace(blocks_path(tmp_path), broken)
    assert following.blocks_changed() is None
    blocks_file.write(blocks_path(tmp_path), BlocksFile((), (SPAM, SCAN)))
    assert following.blocks_changed() == BlocksFile((), (SCAN,))
