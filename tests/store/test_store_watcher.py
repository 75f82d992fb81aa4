"""A process takes over a good policy once, and keeps the last good one whatever happens to the file."""

from pathlib import Path

import pytest

from gateway.policy.snapshot import SigningRules
from gateway.store import policy_file
from gateway.store.files import replace
from gateway.store.watcher import Watcher

ONE = b'[[accounts]]\nid = "one"\nname = "One"\n'
TWO = b'[[accounts]]\nid = "two"\nname = "Two"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / policy_file.FILE_NAME


def watcher(path: Path) -> Watcher:
    return Watcher(path.parent, SigningRules("refuse"))


def test_without_a_file_there_is_an_empty_policy_and_a_problem(path: Path) -> None:
    following = watcher(path)
    assert following.changed() is None
    assert following.current.accounts == {}
    assert following.problem is not None


def test_a_change_is_reported_once(path: Path) -> None:
    following = watcher(path)
    replace(path, ONE)
    first = following.changed()
    assert first is not None
    assert set(first.accounts) == {"one"}
    assert following.changed() is None
    replace(path, TWO)
    second = following.changed()
    assert second is not None
    assert set(second.accounts) == {"two"}


def test_the_signing_rules_come_along(path: Path) -> None:
    replace(path, ONE)
    following = watcher(path)
    following.changed()
    assert following.current.signing.unmatched == "refuse"


@pytest.mark.parametrize(
    "broken", [b"[[accounts", b'[[accounts]]\nid = "x"\n', None], ids=["toml", "key", "gone"]
)
def test_the_last_good_policy_stays(path: Path, broken: bytes | None) -> None:
    following = watcher(path)
    replace(path, ONE)
    good = following.changed()
    if broken is None:
        path.unlink()
    else:
        replace(path, broken)
    assert following.changed() is None
    assert following.current is good
    assert following.problem
    replace(path, TWO)
    assert following.changed() is not None
    assert following.problem is None
